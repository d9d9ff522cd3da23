// Pages opened in Chromium, and what is seen of them. It must not know dwsync: it reads a JSON list of files from standard
// input and prints a JSON list of what it saw of each.
"use strict";

const { look, launch, open } = require("./look.js");

const VIEWS = {
    light: { viewport: { width: 1200, height: 900 }, colorScheme: "light" },
    dark: { viewport: { width: 1200, height: 900 }, colorScheme: "dark" },
    phone: { viewport: { width: 320, height: 640 }, colorScheme: "light" },
};

async function see(browser, file, view) {
    const context = await open(browser, VIEWS[view]);
    const page = await context.newPage();
    const seen = { dialogs: 0, requests: [] };
    page.on("dialog", (dialog) => { seen.dialogs += 1; dialog.dismiss(); });
    // Nothing is let out of this machine, whatever a page asks for.
    await context.route(/^(?!file:)/, (route) => { seen.requests.push(route.request().url()); route.abort(); });
    await page.goto("file://" + file);
    Object.assign(seen, await page.evaluate(look));
    if (view === "dark") {
        await page.emulateMedia({ media: "print", colorScheme: "dark" });
        seen.paper = (await page.evaluate(look)).ground;
    }
    await context.close();
    return seen;
}

async function main() {
    let input = "";
    for await (const chunk of process.stdin) input += chunk;
    const browser = await launch();
    const seen = [];
    try {
        for (const order of JSON.parse(input)) {
            const views = {};
            for (const view of order.views) views[view] = await see(browser, order.file, view);
            seen.push(views);
        }
    } finally {
        await browser.close();
    }
    console.log(JSON.stringify(seen));
}

main().catch((failure) => { console.error(failure); process.exitCode = 1; });
