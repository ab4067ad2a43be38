"use strict";
// Shows mails, as lines of emails.jsonl tell of them. Used by the report and by the local page.

/** An element with attributes, and children that are elements or plain text, never markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

function sayMoment(iso) {
  const time = new Date(iso).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
  return `${sayDay(iso)}, ${time}`;
}

function sayDay(iso) {
  const format = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
  return new Date(iso).toLocaleDateString("en-GB", format);
}

function sayWords(name) {
  return name.replace(/[_-]/g, " ");
}

const isSent = (mail) => mail.outcome === "sent";
const mailTitle = (mail) => mail.subject ?? sayWords(mail.template ?? mail.step);
const whyNotSent = (mail) => sayWords(mail.reason ?? mail.outcome);

/** “skipped: frequency cap”, “sent, delivered”. */
function sayOutcome(mail) {
  if (mail.reason) return `${mail.outcome}: ${sayWords(mail.reason)}`;
  return mail.delivery ? `${mail.outcome}, ${sayWords(mail.delivery)}` : mail.outcome;
}

function mailFacts(mail) {
  return [
    ["To", mail.email ?? "nobody"],
    ["At", `${sayMoment(mail.at)} UTC`],
    ["Journey", `${sayWords(mail.journey)}, ${sayWords(mail.step)}`],
    ["Outcome", sayOutcome(mail)],
    ["Profile", make("code", {}, mail.profile_id)],
  ];
}

/** The mail as a line of the list; `onchoose` gets the mail and the button. */
function mailLine(mail, onchoose) {
  const button = make("button",
    { type: "button", class: isSent(mail) ? "mail-line" : "mail-line is-withheld", onclick: () => choose() },
    make("b", {}, mailTitle(mail)),
    make("span", { class: "meta" },
      make("span", {}, mail.email ?? mail.profile_id),
      make("span", {}, sayMoment(mail.at)),
      make("span", { class: "chip" }, isSent(mail) ? sayWords(mail.journey) : whyNotSent(mail))));

  function choose() {
    button.closest("ul").querySelector("[aria-current]")?.removeAttribute("aria-current");
    button.setAttribute("aria-current", "true");
    onchoose(mail);
  }

  return make("li", {}, button);
}

/** On a wide screen list and mail stand side by side, and the first that was sent is opened unasked. */
const isWide = () => matchMedia("(min-width: 761px)").matches;

function openFirst(list) {
  if (isWide()) list.querySelector(".mail-line:not(.is-withheld)")?.click();
}

/** Mails link to pictures on the web; these pages never load anything, so a tile stands where each would be. */
function pictureTile(text, width, height) {
  const hue = [...text].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
  const initials = text.split(/\s+/).filter((word) => /^\p{L}/u.test(word)).slice(0, 2).map((word) => [...word][0]);
  const size = Math.min(width, height);
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">` +
    `<defs><linearGradient id="g" x2="1" y2="1"><stop stop-color="hsl(${hue} 32% 86%)"/>` +
    `<stop offset="1" stop-color="hsl(${hue + 30} 30% 74%)"/></linearGradient></defs>` +
    `<rect width="100%" height="100%" fill="url(#g)"/>` +
    `<text x="50%" y="50%" dy=".35em" text-anchor="middle" font-family="Georgia, serif" font-size="${size * 0.34}"` +
    ` fill="hsl(${hue} 30% 34%)">${initials.join("")}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/** The mail as a document of its own: no script, and nothing from the network. */
function mailDocument(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const image of page.querySelectorAll("img")) {
    const [width, height] = ["width", "height"].map((name) => Number.parseInt(image.getAttribute(name) ?? "", 10) || null);
    if (!/^data:/i.test(image.getAttribute("src") ?? "")) {
      const tile = pictureTile(image.getAttribute("alt") ?? "", width ?? height ?? 160, height ?? width ?? 160);
      image.setAttribute("src", tile);
    }
    image.removeAttribute("srcset");
  }
  for (const link of page.querySelectorAll("a[href]")) link.title = link.getAttribute("href");
  page.head.prepend(
    make("meta", {
      "http-equiv": "Content-Security-Policy",
      content: "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
    }),
    make("base", { target: "_blank" }),
  );
  return `<!doctype html>${page.documentElement.outerHTML}`;
}

/** Fills the pane with a mail and its body, {html, text, headers: [[name, value]]};
 *  or with {note: element or text}, where there is no body to show.
 *  Links lead nowhere, unless the body says {followsLinks: true}: then each opens a page of its own. */
function showMail(pane, mail, { html, text, headers, note, followsLinks = false }) {
  const sandbox = followsLinks ? "allow-popups allow-popups-to-escape-sandbox" : "";
  const views = {
    Mail: () => make("iframe", { sandbox, title: `The mail “${mailTitle(mail)}”`, srcdoc: mailDocument(html) }),
    Text: () => make("pre", { tabindex: "0" }, text),
    Headers: () =>
      make("dl", { class: "headers", tabindex: "0" },
        headers.map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])),
  };
  const body = make("div", { class: "body", role: "tabpanel", "aria-label": "The mail" });
  const tabs = Object.keys(views).map((name) =>
    make("button", { type: "button", role: "tab", "aria-selected": "false", onclick: () => choose(name) }, name));

  function choose(name) {
    for (const tab of tabs) tab.setAttribute("aria-selected", String(tab.textContent === name));
    body.replaceChildren(views[name]());
  }

  function goToList() {
    pane.closest(".inbox")?.scrollIntoView();
  }

  pane.replaceChildren(
    make("header", {},
      make("button", { type: "button", class: "control to-list", onclick: goToList }, "↑ Back to the list"),
      make("h3", {}, mailTitle(mail)),
      make("dl", { class: "facts" },
        mailFacts(mail).map(([term, text]) => make("div", {}, make("dt", {}, term), make("dd", {}, text))))),
    ...(note
      ? [make("div", { class: "blank" }, note)]
      : [make("div", { class: "tabs", role: "tablist", "aria-label": "Views of the mail" }, tabs), body]),
  );
  if (!note) choose("Mail");
  pane.scrollTop = 0;
  if (!isWide()) pane.scrollIntoView();
}

function readNothing(pane, text) {
  pane.replaceChildren(make("p", { class: "blank" }, text));
}
