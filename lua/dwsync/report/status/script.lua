--- The script of the status page: requests the body again, applies what changed, and shows how old the data is.
-- It must not turn text into HTML: the browser parses what the server escaped, and only nodes are taken over. It must
-- not disturb focus, scroll position, or what a reader opened.
-- @module dwsync.report.status.script
local M = {}

--- The part that writes lengths of time, by the rules of dwsync.quantities; a spec runs both on the same cases.
M.clock = [==[
    const UNITS = [[86400000, "d"], [3600000, "h"], [60000, "min"], [1000, "s"]];

    function duration(seconds) {
        const ms = Math.floor((seconds + 1e-6) * 1000);
        if (ms === 0) return seconds === 0 ? "0 s" : "< 1 ms";
        if (ms < 1000) return `${ms} ms`;
        if (ms < 10000) return `${Math.floor(ms / 100) / 10} s`;
        const first = UNITS.findIndex(([unit]) => ms >= unit);
        const [unit, name] = UNITS[first], [below, fine] = UNITS[first + 1] || [unit];
        const rest = Math.floor(ms % unit / below);
        return `${Math.floor(ms / unit)} ${name}${rest ? ` ${rest} ${fine}` : ""}`;
    }

    function distance(seconds) {
        const length = Math.abs(seconds), unit = length < 60 ? 1 : 60;
        const words = duration(Math.floor((length + 1e-6) / unit) * unit);
        return words === "0 s" ? "now" : seconds > 0 ? words + " ago" : "in " + words;
    }
]==]

local BEFORE = [==[
"use strict";
(() => {
    const TIMEOUT = 15, SHORTEST = 5, LONGEST = 60; // seconds
    const LONGEST_TEXT = 500;
    const place = (id) => document.getElementById(id);
    const root = document.documentElement, view = place("view"), given = place("freshness").dataset;
    const interval = Number(given.interval) || 60, staleAfter = Number(given.staleAfter) || 3 * interval;
    const everySeconds = Math.min(LONGEST, Math.max(SHORTEST, interval / 4));

    // `read`: when the data was read, by this machine's clock; `ahead`: milliseconds by which the server's is ahead.
    const state = { read: given.age ? Date.now() - given.age * 1000 : null, error: given.error || "",
        note: given.note || "", unreachable: "", ahead: 0, failures: 0, paused: false, etag: given.tag || null,
        request: null, timer: 0, version: null, trouble: "" };

    // ---- words -------------------------------------------------------------------------------------

]==]

local AFTER = [==[

    const write = (element, text) => { if (element.textContent !== text) element.textContent = text; };
    const age = () => state.read === null ? null : Math.max(0, (Date.now() - state.read) / 1000);

    // For screen readers only; what is to be seen is shown elsewhere.
    const announce = (text) => write(place("spoken"), text);

    // ---- how old it is -----------------------------------------------------------------------------

    function whatIsWrong(old) {
        if (state.unreachable) return `No update from this page's server: ${state.unreachable}.`;
        if (state.error) return `The last query failed: ${state.error}`;
        return old !== null && old > staleAfter ? "No newer data has arrived." : "";
    }

    function showAge() {
        const old = age(), words = old === null ? "" : duration(Math.floor(old));
        const wrong = whatIsWrong(old);
        write(place("age"), old === null ? "No data yet" : `Data is ${words} old`);
        write(place("trouble-what"), wrong);
        write(place("trouble-age"), wrong && words ? `The data shown is ${words} old.` : "");
        write(place("note"), state.note ? `Part of the last query failed: ${state.note}` : "");
        place("trouble").hidden = !wrong;
        root.toggleAttribute("data-trouble", Boolean(wrong));
        if (wrong !== state.trouble) {
            announce(wrong || "Data is arriving again.");
            state.trouble = wrong;
        }
    }

    // "12 min ago" was true when the body was made.
    function showDistances() {
        const now = (Date.now() + state.ahead) / 1000;
        for (const time of view.querySelectorAll("time.ago")) {
            const then = Date.parse(time.dateTime) / 1000;
            if (then) write(time, distance(now - then));
        }
    }

    // ---- changing what changed ---------------------------------------------------------------------

    // Existing nodes stay, with their focus, selection and openness; those with an id wherever they move to.
    function blend(old, fresh, keyed) {
        for (const { name } of [...old.attributes]) {
            if (!fresh.hasAttribute(name) && !(name === "open")) old.removeAttribute(name);
        }
        for (const { name, value } of fresh.attributes) {
            if (name !== "open" && old.getAttribute(name) !== value) old.setAttribute(name, value);
        }
        blendChildren(old, fresh, keyed);
    }

    function blendChildren(old, fresh, keyed) {
        const wanted = new Set([...fresh.children].map((child) => child.id).filter(Boolean));
        let next = old.firstChild;
        const skipUnwanted = () => {
            while (next && next.id && !wanted.has(next.id)) {
                const gone = next;
                next = next.nextSibling;
                gone.remove(); // it stays in `keyed`: it may be wanted elsewhere
            }
        };
        for (const child of fresh.childNodes) {
            skipUnwanted();
            let match = child.id ? keyed.get(child.id) : next && !next.id ? next : null;
            if (!match || match.nodeName !== child.nodeName) {
                match = document.importNode(child, false);
                if (child.hasAttribute && child.hasAttribute("open")) match.open = true;
            }
            if (match === next) next = next.nextSibling;
            else old.insertBefore(match, next);
            if (child.nodeType === Node.ELEMENT_NODE) blend(match, child, keyed);
            else if (match.nodeValue !== child.nodeValue) match.nodeValue = child.nodeValue;
        }
        while (next) {
            const gone = next;
            next = next.nextSibling;
            gone.remove();
        }
    }

    // What the reader is looking at: the focused element, else the first tile in sight; nothing at the top of the page.
    function held() {
        const inSight = (element) => {
            const box = element.getBoundingClientRect();
            return box.bottom > 0 && box.top < innerHeight;
        };
        const focused = document.activeElement;
        if (scrollY === 0) return null;
        if (view !== focused && view.contains(focused) && inSight(focused)) return focused;
        return [...view.querySelectorAll("section.source, article")].find(inSight) || null;
    }

    function keepPlace(change) {
        const focused = document.activeElement, anchor = held(), top = anchor && anchor.getBoundingClientRect().top;
        change();
        if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
        if (anchor && anchor.isConnected) {
            scrollBy({ top: anchor.getBoundingClientRect().top - top, behavior: "instant" });
        }
    }

    // ---- news --------------------------------------------------------------------------------------

    function severities() {
        return new Map([...view.querySelectorAll("article")].map((tile) => [tile.id, tile.dataset.severity]));
    }

    function announceChanges(before) {
        const changed = [...view.querySelectorAll("article")].filter((tile) => before.get(tile.id)
            !== tile.dataset.severity);
        const gone = [...before.keys()].filter((id) => !place(id)).length;
        for (const tile of changed) tile.dataset.changed = "";
        const words = changed.slice(0, 3).map((tile) => `${tile.dataset.name} is now ${tile.dataset.severity}`);
        if (changed.length > 3) words.push(`${changed.length - 3} more changed`);
        if (gone) words.push(`${gone} ${gone === 1 ? "is" : "are"} gone`);
        if (!words.length) return false;
        announce(words.join("; ") + ".");
        write(place("news"), `${new Date(Date.now()).toISOString().slice(11, 16)}Z: ${words.join("; ")}.`);
        return true;
    }

    function show(fresh) {
        const before = place("overview") && severities();
        const keyed = new Map([...view.querySelectorAll("[id]")].map((element) => [element.id, element]));
        const frame = document.createElement("main");
        frame.append(document.importNode(fresh, true));
        keepPlace(() => blendChildren(view, frame, keyed));
        document.title = `${fresh.dataset.title} – DWS identity synchronisation`;
        if (!before) {
            reveal(false);
            announce(fresh.dataset.title + ".");
            return true;
        }
        return announceChanges(before);
    }

    // ---- asking ------------------------------------------------------------------------------------

    // A login page or a proxy's error page is not a body, whatever its status says.
    function bodyOf(parsed) {
        const fresh = parsed && parsed.getElementById("overview");
        return fresh && fresh.dataset.dwsync === "status"
            && !parsed.querySelector("script, style, link, base, iframe, object, embed, form, img") ? fresh : null;
    }

    // On one line, without control characters and bidi overrides: it came from a service.
    const safe = (text) => text.replace(/[\r\n\t]+/g, " ").replace(/[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, "?")
        .slice(0, LONGEST_TEXT);

    // XMLHttpRequest takes the bytes of a header for Latin-1; the server meant UTF-8.
    function headerText(request, name) {
        const text = request.getResponseHeader(name) || "";
        try {
            const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
            return safe(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
        } catch (_) {
            return safe(text);
        }
    }

    // Clocks differ: the server's counts. Its header has whole seconds.
    function compareClocks(request) {
        const difference = Date.parse(request.getResponseHeader("Date")) - Date.now();
        if (Math.abs(difference - state.ahead) > 2000) state.ahead = difference;
    }

    function failure(request, timedOut) {
        if (timedOut) return `no answer within ${TIMEOUT} s`;
        if (request.status === 0) return "no connection";
        return request.status === 200 ? "its answer was not this page" : `it answered ${request.status}`;
    }

    // Only when nothing could be read is the whole page in doubt.
    function takeFailure(request) {
        const text = headerText(request, "X-Dwsync-Error");
        const partly = /^(partial|complete)$/.test(request.getResponseHeader("X-Dwsync-Outcome"));
        state.error = partly ? "" : text;
        state.note = partly ? text : "";
    }

    function take(request, timedOut) {
        compareClocks(request);
        const fresh = request.status === 200 ? bodyOf(request.response) : null;
        const known = fresh || request.status === 304;
        const header = request.getResponseHeader("X-Dwsync-Age");
        const old = header ? Number(header) : NaN;
        if (known || request.status === 503) takeFailure(request);
        const waiting = request.status === 503 && (state.error || !place("overview"));
        state.unreachable = known || waiting ? "" : failure(request, timedOut);
        state.failures = known ? 0 : state.failures + 1;
        if (known && Number.isFinite(old)) state.read = Date.now() - old * 1000;
        if (!fresh) return false;
        state.etag = request.getResponseHeader("ETag");
        if (state.version && fresh.dataset.version !== state.version) location.reload();
        state.version = fresh.dataset.version;
        return show(fresh);
    }

    function delay() {
        const seconds = state.failures ? Math.min(LONGEST, SHORTEST * 2 ** (state.failures - 1)) : everySeconds;
        return seconds * (0.8 + 0.4 * Math.random()) * 1000; // many screens must not ask at once
    }

    function askLater() {
        clearTimeout(state.timer);
        if (!state.paused) state.timer = setTimeout(ask, delay());
    }

    function ask(byHand) {
        if (state.request || document.hidden && byHand !== true) return;
        clearTimeout(state.timer);
        const request = state.request = new XMLHttpRequest();
        let timedOut = false;
        request.open("GET", "?part=body");
        request.responseType = "document";
        request.timeout = TIMEOUT * 1000;
        if (state.etag) request.setRequestHeader("If-None-Match", state.etag);
        request.ontimeout = () => { timedOut = true; };
        request.onloadend = () => {
            state.request = null;
            const troubled = state.trouble, news = take(request, timedOut);
            showAge();
            showDistances();
            if (byHand === true && !news && !state.trouble && !troubled) announce("Nothing has changed.");
            askLater();
        };
        request.send();
    }

    // ---- places ------------------------------------------------------------------------------------

    function target() {
        try {
            return place(decodeURIComponent(location.hash.slice(1)));
        } catch (_) {
            return null;
        }
    }

    function reveal(withFocus) {
        const wanted = target();
        if (!wanted || !view.contains(wanted) || wanted === view) return;
        for (let at = wanted; at && at !== view; at = at.parentElement) {
            if (at.localName === "details") at.open = true;
        }
        wanted.closest("section, article").scrollIntoView();
        const details = wanted.closest("details");
        if (withFocus && details) details.querySelector("summary").focus({ preventScroll: true });
    }

    // The address names what is open, so that a bookmark or a reload leads back to it. A click comes before its effect.
    function toggled(summary) {
        const top = summary.getBoundingClientRect().top, details = summary.parentElement;
        const outer = details.parentElement.closest("details[open] > .inside");
        const named = details.open ? outer : details.querySelector(".inside");
        history.replaceState(null, "", named ? "#" + named.id : location.pathname + location.search);
        requestAnimationFrame(() => {
            scrollBy({ top: summary.getBoundingClientRect().top - top, behavior: "instant" });
        });
    }

    // ---- beginning ---------------------------------------------------------------------------------

    view.addEventListener("click", (event) => {
        const summary = event.target.closest("summary"), link = event.target.closest("a[href^='#']");
        if (summary) toggled(summary);
        else if (link && link.hash === location.hash) setTimeout(reveal, 0, true);
    });
    addEventListener("hashchange", () => reveal(true));
    addEventListener("online", () => ask());
    addEventListener("pageshow", (event) => { if (event.persisted) ask(); });
    document.addEventListener("visibilitychange", () => { if (!document.hidden && !state.paused) ask(); });
    place("refresh").addEventListener("click", () => ask(true));
    place("pause").addEventListener("click", () => {
        state.paused = !state.paused;
        place("pause").setAttribute("aria-pressed", state.paused);
        if (state.paused) clearTimeout(state.timer);
        else ask();
    });
    for (const id of ["refresh", "pause"]) place(id).hidden = false;
    if (place("overview")) state.version = place("overview").dataset.version;
    state.trouble = whatIsWrong(age());
    showAge();
    showDistances();
    reveal(false);
    setInterval(showAge, 1000);
    setInterval(showDistances, 10000);
    askLater();
})();
]==]

--- The text, to be served as text/javascript.
M.text = BEFORE .. M.clock .. AFTER

return M
