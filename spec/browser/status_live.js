// The status page of a real server in Chromium: obeys one JSON order a line, answers each with one JSON line of what is
// seen. It must not judge.
"use strict";
const readline = require("node:readline");
const { launch, open, PATIENCE } = require("./look.js");

const LOOK_EVERY = 50; // milliseconds

function see() {
    const at = document.activeElement, tile = at.closest("article");
    return {
        title: document.title, heading: document.querySelector("h1").textContent, text: document.body.innerText,
        focus: tile ? tile.dataset.name : at.id, news: document.getElementById("spoken").textContent,
        open: [...document.querySelectorAll("article>details[open]")].map((e) => e.parentElement.dataset.name),
        tiles: document.querySelectorAll("article").length, width: document.documentElement.scrollWidth,
        trouble: document.getElementById("trouble").hidden ? "" : document.querySelector("#trouble p").textContent,
        handlers: [...document.querySelectorAll("*")].flatMap((e) => e.getAttributeNames()).filter((n) => /^on/.test(n)),
        hash: location.hash,
    };
}

async function main() {
    const browser = await launch();
    const context = await open(browser, { viewport: { width: 320, height: 640 } });
    const page = await context.newPage(), watched = { dialogs: 0, foreign: [], violations: [], failures: [] };
    let origin = "", policy = "";
    page.on("dialog", (dialog) => { watched.dialogs += 1; dialog.dismiss(); });
    page.on("pageerror", (error) => watched.failures.push(error.message));
    page.on("console", (line) => { if (/Content.Security|Trusted/i.test(line.text())) watched.violations.push(line.text()); });
    await context.route((url) => url.origin !== origin, (route) => {
        watched.foreign.push(route.request().url());
        route.abort();
    });

    const ORDERS = {
        async open({ url }) {
            origin = new URL(url).origin;
            policy = (await page.goto(url)).headers()["content-security-policy"];
        },
        async press({ selector, key }) { await page.locator(selector).first().press(key); },
        // Until the page's text has (or no longer has) a text; the page is asked to refresh, as its timer would.
        async until({ text, gone }) {
            for (const began = Date.now(); ; await page.waitForTimeout(LOOK_EVERY)) {
                const has = await page.evaluate((wanted) => document.body.innerText.includes(wanted), text);
                if (has !== Boolean(gone)) return;
                if (Date.now() - began > PATIENCE) throw new Error(`never: ${text}: ${JSON.stringify(await page.evaluate(see))}`);
                await page.evaluate(() => document.getElementById("refresh").click());
            }
        },
        async look() { /* every answer is a look */ },
    };
    console.log("ready");
    for await (const line of readline.createInterface({ input: process.stdin })) {
        const order = JSON.parse(line);
        await ORDERS[order.do](order);
        console.log(JSON.stringify({ ...await page.evaluate(see), ...watched, policy }));
    }
    await browser.close();
}

main().catch((failure) => { console.error(failure); process.exit(1); });
