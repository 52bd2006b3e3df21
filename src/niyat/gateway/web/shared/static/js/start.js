// The one script that every page loads. Each part looks for its own marks in the page and does nothing without them.
import "./mark.js";
import "./checkout.js";
import "./countdown.js";
import "./dialog.js";
import "./drafts.js";
import "./forms.js";
import "./live.js";
import "./preferences.js";
import "./toast.js";
