// Who may come in: the token, out of the link or typed in, where the server wants one.
//
//   const client = new MusicClient(url, { token: await admission() });
//   heed(client);
//
// A link carries it behind the "#", which browsers send nowhere; it is taken off the address at once, and kept for this
// tab alone (sessionStorage).

const KEPT = "sideman-token";
const FORM = /^[A-Za-z0-9._~-]{20,200}$/;

/** The token in a link or as it is, or "" where there is none. */
export function tokenIn(text) {
  const found = text.includes("#token=") ? text.slice(text.indexOf("#token=") + 7) : text;
  return FORM.test(found.trim()) ? found.trim() : "";
}

/** The token that lets us in, asked of the user until one does; "" where the server wants none. */
export async function admission() {
  addEventListener("hashchange", () => location.hash.startsWith("#token=") && location.reload()); // a link into this tab
  if (location.hash.startsWith("#token=")) {
    const token = tokenIn(location.hash);
    if (token) sessionStorage.setItem(KEPT, token);
    history.replaceState(null, "", location.pathname + location.search);
  }
  for (let wrong = false; ; wrong = true) {
    const token = sessionStorage.getItem(KEPT) ?? "";
    if ((await role(token)) !== null) return token;
    sessionStorage.setItem(KEPT, await asked(wrong || token !== ""));
  }
}

/** From now on: what this client's role leaves it, and the question again when its token holds no longer. */
export function heed(client) {
  client.on("hello", ({ role: mine }) => {
    document.body.dataset.role = mine ?? "control";
  });
  client.on("connection", async (state) => {
    if (state === "closed" && (await role(sessionStorage.getItem(KEPT) ?? "")) === null) location.reload();
  });
}

/** "control", "listen", or null: not let in. A server that does not answer is left to the client to wait for. */
async function role(token) {
  try {
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    const answer = await fetch("/healthz", { headers, cache: "no-store" });
    const { ok, role: mine } = await answer.json();
    return ok && mine === undefined ? null : mine ?? "control";
  } catch {
    return "control";
  }
}

/** A dialog that ends when something like a token is typed in. */
function asked(wrong) {
  return new Promise((resolve) => {
    const dialog = document.createElement("dialog");
    const form = document.createElement("form");
    const title = document.createElement("h2");
    const label = document.createElement("label");
    const field = document.createElement("input");
    const button = document.createElement("button");
    title.textContent = "This Sideman wants a token";
    label.textContent = wrong
      ? "That one does not hold. On the machine that plays, `sideman token show` tells the right ones."
      : "Open the link that Sideman printed, or paste the link or the token here.";
    Object.assign(field, { id: "token", type: "password", autocomplete: "off", spellcheck: false, required: true });
    label.htmlFor = field.id;
    button.textContent = "Come in";
    form.append(title, label, field, button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const token = tokenIn(field.value);
      field.setCustomValidity(token ? "" : "No token: it has 20 letters or more");
      if (!token) {
        field.reportValidity();
        return;
      }
      dialog.remove();
      resolve(token);
    });
    field.addEventListener("input", () => field.setCustomValidity(""));
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.className = "login";
    dialog.append(form);
    document.body.append(dialog);
    dialog.showModal();
  });
}
