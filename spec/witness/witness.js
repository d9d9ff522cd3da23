// Somebody else's client against the emulator: the official SDK's core signs, and sends, what the orders say.
// It must not use anything of dwsync. Reads a JSON list of orders from standard input, prints a JSON list of outcomes.
//
//   {"do": "list", ...}   the SDK's own client, from builder to response → {"status", "body"} or {"status", "error_code"}
//   {"do": "sign", ...}   the SDK's signer alone → {"headers"}
//   {"do": "post", ...}   the same with `body` for its JSON, which the SDK signs with the request
//   {"do": "send", ...}   the SDK's signature, sent by node's https; `sent` may say what to send instead of what was
//                         signed: {"path", "query", "headers"} → {"status", "body"}
//
// An order's `derived`, {"region", "service"}, asks for V11-HMAC-SHA256 instead of SDK-HMAC-SHA256. The SDK for node has
// no more signers than these two: no SDK-HMAC-SM3, no SDK-ECDSA-P256-SHA256, no SDK-SM2-SM3.
// `from_environment` leaves the credentials to the SDK, which reads HUAWEICLOUD_SDK_*; `region`, a name, makes it look
// for the project. It has no provider for profiles, and none for the metadata service, so there is no address to set.
"use strict";
const https = require("https");
const path = require("path");
const core = path.dirname(require.resolve("@huaweicloud/huaweicloud-sdk-core/package.json"));
const { ClientBuilder } = require(path.join(core, "ClientBuilder"));
const { BasicCredentials } = require(path.join(core, "auth/BasicCredentials"));
const { AKSKSigner } = require(path.join(core, "auth/AKSKSigner"));
const { DerivedAKSKSigner } = require(path.join(core, "auth/DerivedAKSKSigner"));

function credentials(order) {
    const made = new BasicCredentials().withAk(order.ak).withSk(order.sk).withProjectId(order.project_id);
    if (order.derived) {
        made.processDerivedAuthParams(order.derived.service, order.derived.region);
        // The SDK's own rule, which it calls without `this`: derived wherever the host is not the vendor's.
        made.withDerivedPredicate((request) => BasicCredentials.getDefaultDerivedPredicate(request));
    }
    return made;
}

async function list(order) {
    const builder = new ClientBuilder((made) => made).withEndpoint(order.endpoint);
    if (!order.from_environment) builder.withCredential(credentials(order));
    if (order.region) builder.withRegion({ id: order.region, endpoints: [order.endpoint] });
    const client = builder.build();
    try {
        // As the SDK's generated DWS client calls it.
        const body = await client.sendRequest({
            method: "GET",
            url: "/v1/{project_id}/clusters/{cluster_id}/db-manager/" + (order.what || "sync-records"),
            contentType: "application/json",
            queryParams: order.query,
            pathParams: { cluster_id: order.cluster_id },
            headers: {},
            data: {},
        });
        return { status: body.httpStatusCode, body };
    } catch (failure) {
        const message = failure.errorMsg || String(failure);
        return { status: failure.httpStatusCode, error_code: failure.errorCode, message };
    }
}

function sign(order) {
    const headers = { ...order.headers };
    if (order.date) headers["X-Sdk-Date"] = order.date;
    const signer = order.derived ? DerivedAKSKSigner : AKSKSigner;
    return signer.sign(
        { method: order.body ? "POST" : "GET", endpoint: order.endpoint + order.path, queryParams: order.query, headers,
          data: order.body }, credentials(order));
}

function post(order) {
    const headers = sign({ ...order, headers: { "Content-Type": "application/json", ...order.headers } });
    return new Promise((resolve, reject) => {
        https.request(order.endpoint + order.path, { method: "POST", headers, agent: false }, (response) => {
            let text = "";
            response.on("data", (part) => { text += part; });
            response.on("end", () => resolve({ status: response.statusCode, body: JSON.parse(text) }));
        }).on("error", reject).end(JSON.stringify(order.body));
    });
}

function send(order) {
    const sent = { path: order.path, query: order.query, ...order.sent };
    const query = new URLSearchParams(sent.query).toString();
    const url = order.endpoint + sent.path + (query ? "?" + query : "");
    const headers = { ...sign(order), ...sent.headers };
    return new Promise((resolve, reject) => {
        https.get(url, { headers, agent: false }, (response) => {
            let text = "";
            response.on("data", (part) => { text += part; });
            response.on("end", () => resolve({ status: response.statusCode, body: JSON.parse(text) }));
        }).on("error", reject);
    });
}

const actions = { list, post, send, sign: async (order) => ({ headers: sign(order) }) };

async function main() {
    let text = "";
    for await (const part of process.stdin) text += part;
    const outcomes = [];
    for (const order of JSON.parse(text)) outcomes.push(await actions[order.do](order));
    process.stdout.write(JSON.stringify(outcomes) + "\n");
}

main().catch((failure) => {
    process.stderr.write(`witness.js: ${failure && failure.stack || failure}\n`);
    process.exitCode = 1;
});
