// The news of the relay, as they happen: one WebSocket, which comes back after every loss. Each batch is a `news` event on the document;
// `connected` says that what came before may have been missed, since the page was made or since the last loss. The page shows what it makes of them; nothing is asked for over and over.
const pill = document.querySelector("[data-live]");
const [FIRST_MS, LONGEST_MS] = [1_000, 30_000];
let wait = FIRST_MS;

if (pill !== null) connect();

function connect() {
  const url = new URL(pill?.getAttribute("data-live") ?? "", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  // The other end lets go of whoever says nothing for two minutes: what is sent to a page asleep would pile up there.
  const pings = setInterval(() => socket.readyState === WebSocket.OPEN && socket.send("ping"), 30_000);
  socket.addEventListener("open", () => {
    wait = FIRST_MS;
    say("live");
    document.dispatchEvent(new Event("connected"));
  });
  socket.addEventListener("message", ({ data }) => {
    if (data !== "pong") document.dispatchEvent(new CustomEvent("news", { detail: JSON.parse(data) }));
  });
  socket.addEventListener("close", () => {
    clearInterval(pings);
    say("reconnecting");
    // Not all at once: a deploy ends every connection in the same second.
    setTimeout(connect, wait * (0.5 + Math.random() / 2));
    wait = Math.min(LONGEST_MS, wait * 2);
  });
}

/** @param {string} state */
function say(state) {
  if (pill === null || pill.textContent === state) return;
  pill.textContent = state;
  pill.className = `pill ${state}`;
}

addEventListener("pagehide", () => (wait = LONGEST_MS));
