// The status page in Chromium, driven as readers would, and what is seen of it. It reads the texts to serve as JSON from
// standard input and prints what it saw as JSON; it must not judge. Time is the browser's fake clock: nothing sleeps.
"use strict";
const { look, launch, open, PATIENCE } = require("./look.js");
const { serve } = require("./status_server.js");

const VIEWS = {
    light: { viewport: { width: 1280, height: 800 }, colorScheme: "light" },
    dark: { viewport: { width: 1280, height: 800 }, colorScheme: "dark" },
    phone: { viewport: { width: 320, height: 640 }, colorScheme: "dark" },
};
const text = (page, selector) => page.locator(selector).textContent();
const focus = (page) => page.evaluate(() => {
    const at = document.activeElement, tile = at.closest("article");
    return [at.localName, at.id || at.getAttribute("href") || (tile ? tile.dataset.name : "")].join(" ");
});
const openTiles = (page) => page.evaluate(() => [...document.querySelectorAll("article>details[open]")]
    .map((details) => details.parentElement.dataset.name));

// Playwright's own waiting stands still with the clock.
async function until(page, condition) {
    for (const began = Date.now(); !await page.evaluate(condition); await page.clock.runFor(20)) {
        if (Date.now() - began > PATIENCE) throw new Error("never: " + condition);
    }
}

async function main() {
    let input = "";
    for await (const chunk of process.stdin) input += chunk;
    const given = JSON.parse(input);
    const server = await serve(given.texts), browser = await launch(), seen = {};

    // Opens the page in a context of its own; `use` looks at it. What it did on its own is always watched.
    async function visit(name, view, state, use, more = {}) {
        Object.assign(server, { document: "stories", body: "stories_body", age: 3, error: "", outcome: "failed", status: 200,
            extra: "", reset: false, date: 0, asked: [], unchanged: 0 }, state);
        const context = await open(browser, { ...VIEWS[view], ...more.context });
        const page = await context.newPage();
        const watch = seen[name] = { dialogs: 0, foreign: [], violations: [], failures: [] };
        page.on("dialog", (dialog) => { watch.dialogs += 1; dialog.dismiss(); });
        page.on("pageerror", (error) => watch.failures.push(error.message));
        page.on("console", (line) => { if (/Content.Security|Trusted/i.test(line.text())) watch.violations.push(line.text()); });
        await context.route((url) => !url.href.startsWith(server.address), (route) => {
            watch.foreign.push(route.request().url());
            route.abort();
        });
        if (!more.noClock) await page.clock.install({ time: given.now * 1000 });
        const response = await page.goto(server.address + (more.hash || ""));
        watch.header = response.headers()["content-security-policy"];
        await use(page, watch, name);
        await context.close();
    }

    // The next poll is due within a minute, whatever went before.
    async function poll(page) {
        const asked = server.asked.length;
        const over = page.waitForEvent("requestfinished", { timeout: PATIENCE });
        const failed = page.waitForEvent("requestfailed", { timeout: PATIENCE });
        await page.clock.fastForward(75000);
        await Promise.any([over, failed]);
        [over, failed].forEach((event) => event.catch(() => null));
        await page.clock.runFor(1100);
        return server.asked.length - asked;
    }

    for (const view of Object.keys(VIEWS)) {
        await visit("look_" + view, view, {}, async (page, watch) => {
            watch.shut = await page.evaluate(look);
            await page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
            watch.open = await page.evaluate(look);
            watch.landmarks = await page.evaluate(() => ["header", "main", "footer"].map((name) =>
                document.querySelectorAll("body>" + name).length));
        });
    }

    for (const view of ["light", "dark"]) {
        await visit("off_" + view, view, { document: "off", body: "off_body", error: "the history was not written",
            outcome: "partial" }, async (page, watch) => {
            const part = async () => ({ banner: await page.locator("#trouble").isVisible(),
                note: await text(page, "#note"), spoken: await text(page, "#spoken"), filter: await page.evaluate(() =>
                    getComputedStyle(document.querySelector(".grid")).filter) });
            watch.first = await part();
            watch.shut = await page.evaluate(look);
            await page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
            watch.open = await page.evaluate(look);
            await poll(page);
            watch.polled = await part();
            Object.assign(server, { error: "", outcome: "complete" });
            await poll(page);
            watch.over = await part();
            Object.assign(server, { error: "no route", outcome: "failed" });
            await poll(page);
            watch.down = await part();
        });
    }

    await visit("keyboard", "light", {}, async (page, watch) => {
        watch.path = [];
        for (let i = 0; i < 6; i += 1) {
            await page.keyboard.press("Tab");
            watch.path.push(await focus(page));
        }
        watch.ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
        await page.keyboard.press("Shift+Tab");
        await page.keyboard.press("Shift+Tab"); // back over the source's line to the tile of its cluster
        watch.back = await focus(page);
        await page.keyboard.press("Enter");
        watch.opened = await openTiles(page);
        await page.clock.runFor(100);
        watch.hash = await page.evaluate(() => location.hash);
        await page.keyboard.press("Enter");
        watch.closed = await openTiles(page);
        await page.keyboard.press("Tab");
        await page.keyboard.press("Enter"); // the line leads to the source
        // The page moves the focus once it has heard of the new place.
        await until(page, () => location.hash.startsWith("#source-") && document.activeElement.closest("section") !== null);
        watch.drilled = await page.evaluate(() => [document.activeElement.localName,
            document.activeElement.closest("section").id, document.querySelector(location.hash.replace(/\./g, "\\."))
                .checkVisibility()]);
        watch.picture = await page.locator("section.source svg.tl-wide").first().isVisible();
        watch.runs = await page.locator("section.source table tbody tr").first().isVisible();
    });

    await visit("change", "light", {}, async (page, watch) => {
        const tile = page.locator(`#tile-${given.calm} summary`).first();
        await tile.focus();
        await page.keyboard.press("Enter");
        await page.clock.runFor(100);
        await tile.evaluate((element) => scrollBy(0, element.getBoundingClientRect().top - 100));
        const place = () => tile.evaluate((element) => Math.round(element.getBoundingClientRect().top));
        const look = async () => ({ focus: await focus(page), open: await openTiles(page), top: await place(),
            hash: await page.evaluate(() => location.hash), news: await text(page, "#spoken"),
            title: await page.title(), group: await page.evaluate((id) => document.getElementById(id)
                .closest("section").id, "tile-" + given.calm) });
        watch.before = await look();
        await poll(page);
        watch.same = await look();
        watch.unchanged = server.unchanged;
        server.body = "changed_body";
        await poll(page);
        watch.after = await look();
        watch.visible_news = await text(page, "#news");
        server.body = "stories_body";
        await poll(page);
        watch.restored = await look();
        watch.flagged = await page.locator("[data-changed]").count();
        await page.reload();
        watch.reloaded = { open: await openTiles(page), hash: await page.evaluate(() => location.hash) };
    });

    await visit("down", "phone", {}, async (page, watch) => {
        const look = async () => ({ age: await text(page, "#age"), banner: await page.locator("#trouble").isVisible(),
            words: await text(page, "#trouble p"), news: await text(page, "#spoken"),
            width: await page.evaluate(() => document.documentElement.scrollWidth),
            ago: await page.locator("time.ago").last().textContent(), tiles: await page.locator("article").count() });
        await page.clock.runFor(10);
        watch.well = await look();
        Object.assign(server, { age: 725, error: given.hostile });
        await poll(page);
        watch.failing = await look();
        await page.clock.runFor(5000);
        watch.older = await look();
        Object.assign(server, { date: (given.now + 7200) * 1000 });
        await poll(page);
        watch.ahead = await look();
        Object.assign(server, { age: 3, error: "", status: 502, date: 0 });
        await poll(page);
        watch.refused = await look();
        Object.assign(server, { status: 200, reset: true });
        await poll(page);
        watch.unreachable = await look();
        Object.assign(server, { reset: false, extra: "<title>Log in</title><form><input name=password></form>" });
        await poll(page);
        watch.foreign_body = await look();
        Object.assign(server, { extra: "" });
        await page.locator("#refresh").click();
        await until(page, () => document.getElementById("trouble").hidden);
        watch.again = await look();
        await page.locator("#pause").click();
        const asked = server.asked.length;
        await page.clock.fastForward(200000);
        await page.evaluate(() => fetch("?asset=style").then((response) => response.text())); // after what went before
        watch.paused = { asked: server.asked.length - asked - 1, pressed: await page.locator("#pause").getAttribute("aria-pressed"),
            ...await look() };
    });

    await visit("hostile", "light", { document: "hostile", body: "hostile_body" }, async (page, watch) => {
        await page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
        watch.first = await page.evaluate(look);
        server.body = "harmless_body";
        await poll(page);
        watch.harmless = await page.evaluate(look);
        server.body = "hostile_body";
        await poll(page);
        watch.second = await page.evaluate(look);
    });
    await visit("bare", "light", { document: "bare", body: "hostile_body" }, async (page, watch) => {
        watch.first = await page.evaluate(look);
    });

    await visit("guard", "light", {}, async (page, watch) => {
        watch.sinks = await page.evaluate(() => {
            const tries = { html: () => { document.body.innerHTML += "<i></i>"; },
                script: () => { document.head.append(Object.assign(document.createElement("script"), { text: "stop()" })); } };
            return Object.entries(tries).filter(([, attempt]) => {
                try {
                    attempt();
                    return false;
                } catch (error) {
                    return error instanceof TypeError;
                }
            }).map(([name]) => name);
        });
    });

    await visit("waiting", "light", { document: "waiting", status: 503 }, async (page, watch) => {
        watch.first = await text(page, "main");
        server.status = 200;
        await poll(page);
        watch.tiles = await page.locator("article").count();
        watch.open = await openTiles(page);
        watch.news = await text(page, "#spoken");
    }, { hash: "#cluster-" + given.calm });

    await visit("renewed", "light", {}, async (page, watch) => {
        server.body = "other_version";
        const reloaded = page.waitForEvent("load", { timeout: PATIENCE });
        await poll(page);
        await reloaded;
        watch.documents = server.asked.filter((request) => !request.path.includes("?")).length;
    });

    await visit("scriptless", "light", {}, async (page, watch) => {
        watch.text = await text(page, "main");
        watch.reload = await page.locator("a[href='?']").isVisible();
        watch.buttons = await page.locator("button").filter({ visible: true }).count();
        await page.locator("a[href^='#source-']").first().click();
        watch.drilled = await page.locator("section.source").first().isVisible();
        watch.asked = server.asked.map((request) => request.path);
    }, { noClock: true, context: { javaScriptEnabled: false } });

    await browser.close();
    server.close();
    process.stdout.write(JSON.stringify(seen), () => process.exit()); // waits for nothing that may still be waited for
}

main().catch((failure) => { console.error(failure); process.exit(1); });
