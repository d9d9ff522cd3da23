// Pages opened in Chromium, and what is seen of them. It must not know dwsync: it reads a JSON list of files from standard
// input and prints a JSON list of what it saw of each.
"use strict";
const { chromium } = require("playwright-core");

const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"];
const VIEWS = {
    light: { viewport: { width: 1200, height: 900 }, colorScheme: "light" },
    dark: { viewport: { width: 1200, height: 900 }, colorScheme: "dark" },
    phone: { viewport: { width: 320, height: 640 }, colorScheme: "light" },
};

// Runs inside the page. Contrast as WCAG 2.1 defines it, of every text that is shown on what is painted below it.
function look() {
    const channels = (color) => (color.match(/[\d.]+/g) || []).map(Number);
    const luminance = (color) => {
        const [r, g, b] = channels(color).map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (element) => {
        for (; element; element = element.parentElement) {
            const color = getComputedStyle(element).backgroundColor;
            if (channels(color)[3] !== 0) return color;
        }
        return "rgb(255, 255, 255)";
    };
    const faint = [], wide = [], tags = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const text = walker.currentNode.data.trim();
        const box = element.getBoundingClientRect();
        if (!text || !box.width || ["title", "desc"].includes(element.localName)) continue;
        const style = getComputedStyle(element);
        const color = element.namespaceURI.endsWith("svg") ? style.fill : style.color;
        const [a, b] = [luminance(color), luminance(ground(element))].sort((x, y) => y - x);
        if ((a + 0.05) / (b + 0.05) < 4.5) faint.push(`${text.slice(0, 40)}: ${color}`);
        if (box.right > innerWidth + 0.5 && !element.closest(".scroll, thead")) wide.push(text.slice(0, 40));
    }
    for (const element of document.querySelectorAll("*")) tags.push(element.localName);
    const policy = document.querySelector("meta[http-equiv=Content-Security-Policy]");
    return {
        faint, wide, tags, width: document.documentElement.scrollWidth, text: document.body.innerText,
        title: document.title, policy: policy ? policy.content : "", ground: ground(document.body),
        handlers: [...document.querySelectorAll("*")].flatMap((e) => e.getAttributeNames()).filter((n) => /^on/.test(n)),
        unnamed: [...document.querySelectorAll("svg[role=img]")].filter((svg) => svg.getAttribute("aria-labelledby")
            .split(" ").some((id) => !document.getElementById(id).textContent)).length,
        pictures: document.querySelectorAll("svg[role=img]").length,
    };
}

async function see(browser, file, view) {
    const context = await browser.newContext({ ...VIEWS[view], serviceWorkers: "block" });
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
    const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ARGUMENTS });
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
