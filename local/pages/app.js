"use strict";

const REFRESH_SECONDS = 3;
const MOST_LINES = 300;
const views = ["inbox", "profiles", "journeys"];
const find = (id) => document.getElementById(id);

const shop = { emails: [], profiles: [], runs: [], now: null };
const shown = {};
let reading = null;

// Asking the server

async function ask(path, options) {
  const answer = await fetch(`/_local/${path}`, options);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${(await answer.text()).slice(0, 200)}`);
  return answer.json();
}

async function refresh() {
  const [emails, profiles, runs, clock] = await Promise.all(["emails", "profiles", "runs", "clock"].map((path) => ask(path)));
  Object.assign(shop, { emails: emails.toReversed(), profiles, runs, now: clock.now });
  drawClock(clock);
  for (const view of views) find(`count-${view}`).textContent = counts[view]() || "";
  drawCurrent();
}

const counts = {
  inbox: () => shop.emails.filter(isSent).length,
  profiles: () => shop.profiles.length,
  journeys: () => shop.runs.filter((run) => run.ended === "running").length,
};

async function keepRefreshing() {
  try {
    if (!document.hidden) await refresh();
    if (find("notice").classList.contains("is-bad")) notice("");
  } catch (error) {
    notice(`The local cloud does not answer. Is “homing local” still running? (${error.message})`, true);
  }
  setTimeout(keepRefreshing, REFRESH_SECONDS * 1000);
}

function notice(text, bad = false) {
  const line = find("notice");
  line.textContent = text;
  line.hidden = !text;
  line.classList.toggle("is-bad", bad);
}

// The clock

function drawClock({ now, virtual }) {
  find("now").textContent = `${sayMoment(now)} UTC`;
  find("now").dateTime = now;
  find("clock-kind").textContent = virtual ? "virtual time" : "real time";
  find("clock-kind").hidden = false;
  find("advance").hidden = !virtual;
}

async function advance(button) {
  const buttons = [...find("advance").children];
  const before = counts.inbox();
  for (const each of buttons) each.disabled = true;
  notice(`${button.textContent} …`);
  try {
    const body = JSON.stringify({ advance: button.dataset.advance });
    await ask("clock", { method: "POST", headers: { "content-type": "application/json" }, body });
    await refresh();
    const fresh = counts.inbox() - before;
    notice(`${button.textContent}: ${fresh === 0 ? "no mail" : fresh === 1 ? "one mail" : `${fresh} mails`} went out.`);
  } catch (error) {
    notice(`The clock did not move: ${error.message}`, true);
  }
  for (const each of buttons) each.disabled = false;
}

// Drawing: a view is drawn again only when what it shows has changed, so that focus and scrolling stay.

function drawCurrent() {
  const wanted = location.hash.slice(1);
  const current = views.includes(wanted) ? wanted : "inbox";
  for (const view of views) {
    find(`view-${view}`).hidden = view !== current;
    const link = document.querySelector(`.views a[href="#${view}"]`);
    if (view === current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  ({ inbox: drawInbox, profiles: drawProfiles, journeys: drawJourneys })[current]();
}

function changed(view, ...what) {
  const state = JSON.stringify(what);
  const different = shown[view] !== state;
  shown[view] = state;
  return different;
}

function fillChoices(select, all, names) {
  const chosen = select.value;
  if (select.dataset.names === names.join()) return;
  select.dataset.names = names.join();
  const options = names.map((name) => make("option", { value: name }, sayWords(name)));
  select.replaceChildren(make("option", { value: "" }, all), ...options);
  select.value = names.includes(chosen) ? chosen : "";
}

function chosen(form) {
  const choices = Object.fromEntries(new FormData(form));
  return { ...choices, search: choices.search.trim().toLowerCase() };
}

const holds = (search, ...texts) => !search || texts.some((text) => text?.toLowerCase().includes(search));
const distinct = (names) => [...new Set(names)].sort();

function drawInbox() {
  fillChoices(find("mail-filters").journey, "All journeys", distinct(shop.emails.map((mail) => mail.journey)));
  const { outcome, journey, search } = chosen(find("mail-filters"));
  const mails = shop.emails.filter((mail) =>
    (outcome === "" || isSent(mail) === (outcome === "sent")) &&
    (!journey || mail.journey === journey) &&
    holds(search, mail.email, mail.subject, mail.profile_id));
  if (!changed("inbox", mails, shop.emails.length)) return;

  const pane = find("mail-pane");
  const lines = mails.slice(0, MOST_LINES).map((mail) => mailLine(mail, read));
  const current = mails.findIndex((mail) => mail.send_id === reading);
  lines[current]?.firstChild.setAttribute("aria-current", "true");
  const hadFocus = find("mail-list").contains(document.activeElement);
  find("mail-list").replaceChildren(...lines, ...leftOut(mails));
  if (hadFocus) lines[current]?.firstChild.focus({ preventScroll: true });

  const empty = shop.emails.length === 0;
  document.querySelector(".inbox").classList.toggle("is-empty", empty);
  find("mail-filters").hidden = empty;
  if (empty) pane.replaceChildren(lesson());
  else if (mails.length === 0) readNothing(pane, "No mail is like that.");
  else if (current < 0) readNothing(pane, "Choose a mail to read it.");
  if (reading === null) openFirst(find("mail-list"));
}

function leftOut(all) {
  return all.length > MOST_LINES
    ? [make("li", { class: "blank" }, `The newest ${MOST_LINES} of ${all.length}. Search finds the others.`)]
    : [];
}

async function read(mail) {
  reading = mail.send_id;
  const content = await body(mail);
  if (reading === mail.send_id) showMail(find("mail-pane"), mail, content);
}

async function body(mail) {
  if (!isSent(mail)) return { note: `This mail was not sent: ${whyNotSent(mail)}.` };
  try {
    const { headers, html, text } = await ask(`emails/${encodeURIComponent(mail.send_id)}`);
    return { headers: Object.entries(headers), html, text, followsLinks: true };
  } catch (error) {
    return { note: `The mail cannot be shown: ${error.message}` };
  }
}

function drawProfiles() {
  const form = find("profile-filters");
  const segments = shop.profiles.flatMap((profile) => profile.segments.map((segment) => segment.name));
  fillChoices(form.segment, "All segments", distinct(segments));
  const { segment, search } = chosen(form);
  const profiles = shop.profiles.filter((profile) =>
    (!segment || profile.segments.some((each) => each.name === segment)) &&
    holds(search, profile.name, profile.email, profile.profile_id))
    .sort((one, other) => nameFirst(one).localeCompare(nameFirst(other)));
  if (!changed("profiles", profiles, shop.profiles.length)) return;

  form.hidden = shop.profiles.length === 0;
  find("profile-list").replaceChildren(
    ...profiles.slice(0, MOST_LINES).map(profileCard),
    ...leftOut(profiles),
    ...(form.hidden ? [make("li", { class: "wide" }, lesson())] : []));
}

/** Puts profiles into the order of their names, and those without one after all others. */
const nameFirst = (profile) => profile.name ?? profile.email ?? "\uffff";

function profileCard(profile) {
  const fact = (term, value) => make("div", {}, make("dt", {}, term), make("dd", {}, value));
  return make("li", { class: "profile" },
    make("h3", {}, profile.name ?? profile.email ?? "A visitor without a name"),
    make("p", { class: "soft" }, profile.name && profile.email ? profile.email : profile.profile_id),
    make("dl", { class: "facts" },
      fact("Orders", String(profile.orders)),
      profile.last_order_at ? fact("Last order", sayDay(profile.last_order_at)) : null,
      fact("In the cart", String(profile.cart_size)),
      profile.language ? fact("Language", profile.language) : null),
    make("div", { class: "segments" },
      profile.segments.map(({ name, since }) =>
        make("span", { class: "chip is-good", title: `since ${sayMoment(since)} UTC` }, sayWords(name))),
      profile.segments.length ? null : make("span", { class: "chip" }, "in no segment")));
}

function drawJourneys() {
  if (!changed("journeys", shop.runs, shop.now, shop.profiles.length)) return;
  const names = new Map(shop.profiles.map((profile) => [profile.profile_id, profile.name ?? profile.email]));
  const lanes = Map.groupBy(shop.runs, (run) => run.journey);
  find("journey-list").replaceChildren(
    ...[...lanes].sort().map(([journey, runs]) => lane(journey, runs, names)),
    ...(lanes.size ? [] : [lesson()]));
}

function lane(journey, runs, names) {
  const running = runs.filter((run) => run.ended === "running")
    .sort((one, other) => (one.next_at ?? "").localeCompare(other.next_at ?? ""));
  const ends = Map.groupBy(runs.filter((run) => run.ended !== "running"),
    (run) => (run.reason ? `${run.ended}: ${sayWords(run.reason)}` : run.ended));
  return make("article", { class: "lane" },
    make("header", {}, make("h3", {}, sayWords(journey)), make("span", { class: "soft num" }, `${running.length} running`)),
    make("ol", {}, running.slice(0, MOST_LINES).map((run) =>
      make("li", {},
        make("b", {}, names.get(run.profile_id) ?? run.profile_id),
        make("b", { class: "next" }, run.next_at ? fromNow(run.next_at) : "now"),
        make("span", {}, `since ${sayMoment(run.started_at)}`),
        make("span", { class: "next" }, run.step ? sayState(run.step) : "")))),
    ends.size === 0 ? null : make("ul", { class: "ends", "aria-label": "Runs that ended" }, [...ends].map(([how, ended]) =>
      make("li", { class: how === "completed" ? "chip is-good" : how.startsWith("failed") ? "chip is-bad" : "chip" }, `${how} ${ended.length}`))));
}

/** A state's name as words: WaitBeforeFavourites, “wait before favourites”. */
const sayState = (name) => sayWords(name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, " ")).toLowerCase();

/** How long from the shop's clock until then, in the largest unit that fits. */
function fromNow(moment) {
  const minutes = Math.round((new Date(moment) - new Date(shop.now)) / 60_000);
  if (minutes <= 0) return "now";
  const [unit, length] = [["day", 1440], ["hour", 60], ["minute", 1]].find(([, each]) => minutes >= each);
  const count = Math.round(minutes / length);
  return `in ${count} ${unit}${count === 1 ? "" : "s"}`;
}

// Where nothing is yet: how the first event is sent

function lesson() {
  const message = {
    messageId: "first-1",
    userId: "ada",
    timestamp: shop.now,
    traits: { email: "ada@mailbox.example", firstName: "Ada", language: "en" },
    context: { consent: { categoryPreferences: { marketing: true }, confirmedAt: shop.now } },
  };
  const command = [
    `curl ${location.origin}/v1/identify -u local: -d '{`,
    Object.entries(message).map(([name, value]) => `  "${name}": ${JSON.stringify(value)}`).join(",\n"),
    "}'",
  ].join("\n");
  const content = find("first-event").content.cloneNode(true);
  content.querySelector("h2").textContent = "The shop is open, and nobody has come in yet.";
  content.querySelector("p").textContent = "Send a first event, from a terminal on this machine. Ada signs up, agrees to mail and has confirmed it:";
  content.querySelector("code").textContent = command;
  content.querySelector(".after").textContent =
    "Her profile is here within seconds, her welcome mail in the inbox; without confirmedAt, a mail that asks her to confirm. Then let time pass and see what follows. With another write key, put it in the place of “local”.";
  const copy = content.querySelector("button");
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(command);
    copy.textContent = "Copied";
  });
  return content;
}

// Beginning

for (const form of [find("mail-filters"), find("profile-filters")]) {
  form.addEventListener("input", drawCurrent);
  form.addEventListener("submit", (event) => event.preventDefault());
}
for (const button of find("advance").children) button.addEventListener("click", () => advance(button));
addEventListener("hashchange", drawCurrent);
keepRefreshing();
