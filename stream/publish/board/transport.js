// How the page gets its data: pushed by the server; asked for every two seconds where nothing can be pushed.
const SILENT_MS = 6000, POLL_MS = 2000, AGAIN_MS = 60000, TIMEOUT_MS = 4000;
const random = (from, to) => from + Math.random() * (to - from);

// `told.floor(data)`: the view anew. `told.now(clocks)`: the time, and why nothing new comes. `told.refused({text, busy})`:
// the server shows no such view. `told.you({name, role})`: who looks. Any of them is a sign of life.
// `told.polled(bool)`: whether the page has to ask.
export function follow(address, told) {
  let source = null, heardMs = performance.now(), polling = null;

  function heard() {
    heardMs = performance.now();
  }

  function listen() {
    source?.close();
    source = new EventSource(`api/floor/stream?${address}`);
    source.addEventListener("now", (event) => { heard(); stopPolling(); told.now(JSON.parse(event.data)); });
    source.addEventListener("floor", (event) => { heard(); told.floor(JSON.parse(event.data)); });
    source.addEventListener("you", (event) => { heard(); told.you(JSON.parse(event.data)); });
    // A lost connection is made again by the browser; an answer that is no stream is final: ask why, and try later.
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return;
      ask();
      setTimeout(listen, random(2000, 5000));
    };
  }

  async function ask() {
    try {
      const answer = await fetch(`api/floor?${address}`, { signal: AbortSignal.timeout(TIMEOUT_MS), cache: "no-store" });
      if (answer.status === 401) location.reload();  // the cookie is no longer good: the server asks for a login
      const data = await answer.json();
      heard();
      if (answer.ok) {
        told.now(data);
        if (data.you) told.you(data.you);
        told.floor(data);
      } else told.refused({ text: data.error, busy: answer.status === 503 || answer.status === 429 });
      return answer.ok;
    } catch (error) {
      console.warn("no snapshot:", error);
      return false;
    }
  }

  // Something between here and the server may hold events back, or know only short answers.
  async function poll() {
    if (!(await ask()) || polling) return;
    told.polled(true);
    polling = { timer: setInterval(ask, POLL_MS), again: setInterval(listen, AGAIN_MS) };
  }

  function stopPolling() {
    if (!polling) return;
    clearInterval(polling.timer);
    clearInterval(polling.again);
    polling = null;
    told.polled(false);
  }

  // A browser has six connections to a server, and one that is kept for a page that was left would be one of them.
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
  setInterval(() => { if (!polling && performance.now() - heardMs > SILENT_MS) poll(); }, POLL_MS);
  listen();
}
