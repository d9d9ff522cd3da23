// What the makers of the formats say of our messages: the CloudEvents SDK, and the library of Adaptive Cards.
// Reads a JSON list from standard input, prints a JSON list of what is wrong with each, "" for nothing.
//
//   {"cloudevent": {"headers", "body"}}   an HTTP request, as one arrives
//   {"card": {…}}                         an Adaptive Card
"use strict";
global.window = global;
global.self = global;
const { HTTP } = require("cloudevents");
const { AdaptiveCard, SerializationContext } = require("adaptivecards/dist/adaptivecards.js");

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

let text = "";
process.stdin.on("data", (chunk) => (text += chunk));
process.stdin.on("end", () => {
    const orders = JSON.parse(text);
    process.stdout.write(JSON.stringify(orders.map(
        (order) => order.cloudevent ? checkEvent(order.cloudevent) : checkCard(order.card))));
});
