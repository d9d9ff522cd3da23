// What the makers of the formats say of our messages: the CloudEvents SDK, and the library of Adaptive Cards. PagerDuty
// has no validator: ajv holds its events against a schema of what its reference says.
// Reads a JSON list from standard input, prints a JSON list of what is wrong with each, "" for nothing.
//
//   {"cloudevent": {"headers", "body"}}   an HTTP request, as one arrives
//   {"card": {…}}                         an Adaptive Card
//   {"pagerduty": "…"}                    the body of a request to PagerDuty
"use strict";
global.window = global;
global.self = global;
const Ajv = require("ajv");
const { HTTP } = require("cloudevents");
const { AdaptiveCard, SerializationContext } = require("adaptivecards/dist/adaptivecards.js");

const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false });
const isForPagerDuty = ajv.compile(require("./pagerduty.schema.json"));

function checkEvent(request) {
    try {
        const event = HTTP.toEvent(request);
        event.validate();
        return JSON.stringify(event.data) === JSON.stringify(JSON.parse(request.body).data) ? "" : "other data";
    } catch (error) {
        return error.message;
    }
}

function checkCard(given) {
    const card = new AdaptiveCard();
    const context = new SerializationContext();
    card.parse(given, context);
    const found = [];
    for (let i = 0; i < context.eventCount; i++)
        found.push(context.getEventAt(i).message);
    card.validateProperties().validationEvents.forEach((event) => found.push(event.message));
    return found.join("; ");
}

function checkPagerDuty(body) {
    if (Buffer.byteLength(body) > 512 * 1024)
        return "longer than 512 KB";
    return isForPagerDuty(JSON.parse(body)) ? "" : ajv.errorsText(isForPagerDuty.errors);
}

function check(order) {
    if (order.cloudevent)
        return checkEvent(order.cloudevent);
    return order.card ? checkCard(order.card) : checkPagerDuty(order.pagerduty);
}

let text = "";
process.stdin.on("data", (chunk) => (text += chunk));
process.stdin.on("end", () => {
    process.stdout.write(JSON.stringify(JSON.parse(text).map(check)));
});
