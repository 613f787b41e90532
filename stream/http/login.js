// Sends the forms by script: a browser names the page that a script sends from (Origin), and of a form it does not where
// the page sends no referrer. Without scripts the forms work where the browser says Sec-Fetch-Site: by https, or on localhost.
function listen() {
  for (const form of document.forms) form.addEventListener("submit", send);
}

async function send(event) {
  event.preventDefault();
  const answer = await fetch(event.target.action, { method: "POST", body: new URLSearchParams(new FormData(event.target)) });
  if (answer.redirected) return location.assign(answer.url);
  const said = new DOMParser().parseFromString(await answer.text(), "text/html");
  const main = said.querySelector("main");
  if (main) document.querySelector("main").replaceWith(main);
  else document.querySelector("h1").textContent = said.body.textContent;
  listen();
}

listen();
