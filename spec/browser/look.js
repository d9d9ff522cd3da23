// How Chromium is started, and what is seen of an open page. It must not know what is on the page.
"use strict";
const { chromium } = require("playwright-core");

const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"];

// Milliseconds that everything may take: a bound for hangs, which no busy machine meets.
const PATIENCE = exports.PATIENCE = 240000;

exports.launch = () => chromium.launch({ executablePath: "/usr/bin/chromium", args: ARGUMENTS, timeout: PATIENCE });

exports.open = async function open(browser, options) {
    const context = await browser.newContext({ serviceWorkers: "block", ...options });
    context.setDefaultTimeout(PATIENCE);
    return context;
};

// Runs inside the page. Contrast as WCAG 2.1 defines it, of every text that is shown on what is painted below it.
exports.look = function look() {
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
        if (!text || !box.width || !element.checkVisibility() || ["title", "desc"].includes(element.localName)) continue;
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
};
