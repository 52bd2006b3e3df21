/* Keeps a list of arrivals fresh: waits at the feed for news, then takes the list from the page itself. */
"use strict";

(() => {
  const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

  const refresh = async () => {
    const answer = await fetch(window.location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.getElementById("arrivals").replaceWith(document.adoptNode(fresh.getElementById("arrivals")));
  };

  const watch = async () => {
    for (;;) {
      const { feed, latest } = document.getElementById("arrivals").dataset;
      try {
        const news = await fetch(`${feed}?after=${latest}&wait_seconds=20`, {
          headers: { Accept: "application/json" },
        });
        if (!news.ok) throw new Error(`status ${news.status}`);
        if ((await news.json()).length) await refresh();
      } catch {
        await pause(3);
      }
      if (document.hidden) {
        await new Promise((seen) => document.addEventListener("visibilitychange", seen, { once: true }));
      }
    }
  };

  watch();
})();
