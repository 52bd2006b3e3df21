// Tells the style sheet that modules run, so that what only works with them may show.
document.documentElement.classList.add("js");
