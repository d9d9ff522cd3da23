// A small HTTP server that stands for nginx with the status page: what it answers is set by whoever drives the browser.
// It must not know what the texts mean; it keeps count of what it was asked for.
"use strict";
const http = require("node:http");

// `texts`: script, style, policy, and by name the documents and bodies.
exports.serve = function serve(texts) {
    const server = { document: "", body: "", age: 3, error: "", outcome: "failed", status: 200, extra: "", asked: [], reset: false };

    function answer(request, response) {
        const query = new URL(request.url, "http://localhost").searchParams;
        const what = query.get("asset") || query.get("part") || "document";
        server.asked.push({ path: request.url, tag: request.headers["if-none-match"] || "" });
        response.sendDate = false; // the browser's clock is a fake
        const headers = { "Content-Security-Policy": texts.policy, "X-Content-Type-Options": "nosniff" };
        const send = (status, type, text) => response.writeHead(status, { "Content-Type": type + "; charset=utf-8",
            ...headers }).end(text);
        if (what === "script") return send(200, "text/javascript", texts.script);
        if (what === "style") return send(200, "text/css", texts.style);
        if (what === "document") return send(200, "text/html", texts[server.document]);
        if (server.reset) return request.socket.destroy();
        if (server.status !== 200) return send(server.status, "text/html", server.extra || "<p>no</p>");
        const tag = `"${server.body}${server.extra.length}"`;
        Object.assign(headers, { ETag: tag, "X-Dwsync-Age": String(server.age), "X-Dwsync-Outcome": server.outcome,
            "X-Dwsync-Error": Buffer.from(server.error.replace(/[\0-\x1f]/g, " ")).toString("latin1") });
        if (server.date) headers.Date = new Date(server.date).toUTCString();
        if (request.headers["if-none-match"] === tag) {
            server.unchanged = (server.unchanged || 0) + 1;
            return response.writeHead(304, headers).end();
        }
        return send(200, "text/html", server.extra || texts[server.body]);
    }

    const listener = http.createServer(answer);
    return new Promise((resolve) => listener.listen(0, "127.0.0.1", () => {
        server.address = `http://127.0.0.1:${listener.address().port}/status`;
        server.close = () => { listener.closeAllConnections(); listener.close(); };
        resolve(server);
    }));
};
