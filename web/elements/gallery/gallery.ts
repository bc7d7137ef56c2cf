/** `?state=inbox&scheme=dark&lang=de&dir=rtl` shows one state; without a state, all of them. */
import { states } from "./states.ts";

const query = new URLSearchParams(location.search);
const root = document.documentElement;
root.lang = query.get("lang") ?? "en";
root.dir = query.get("dir") ?? "ltr";
root.style.colorScheme = query.get("scheme") ?? "";

const state = states[query.get("state") ?? ""];
if (state) {
  await state.show(document.body);
  document.body.dataset.shown = "true";
} else {
  const navigation = document.createElement("nav");
  for (const choice of ["", "scheme=light", "scheme=dark", "lang=de", "dir=rtl"]) {
    const link = document.createElement("a");
    link.href = `?${choice}`;
    link.textContent = choice === "" ? "as the system is" : choice;
    navigation.append(link);
  }
  const main = document.createElement("main");
  for (const name of Object.keys(states)) {
    const own = new URLSearchParams(query);
    own.set("state", name);
    const section = document.createElement("section");
    const heading = document.createElement("h2");
    const link = document.createElement("a");
    link.href = `?${own}`;
    link.textContent = name;
    heading.append(link);
    const frame = document.createElement("iframe");
    frame.title = name;
    frame.src = link.href;
    section.append(heading, frame);
    main.append(section);
  }
  document.body.append(navigation, main);
}
