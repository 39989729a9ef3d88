// Publishes purchases with confirms, as a shop on Node.js does: node publish.mjs URL EXCHANGE COUNT
import amqp from "amqplib";

const [url, exchange, count] = process.argv.slice(2);
const connection = await amqp.connect(url);
const channel = await connection.createConfirmChannel();
await channel.assertExchange(exchange, "topic", { durable: true });
let returned = 0;
channel.on("return", () => (returned += 1));
for (let number = 0; number < Number(count); number++) {
  const body = { ticketId: `T-${number}`, orderId: `O-${number}`, eventId: "gala", amount: 10, currency: "GBP" };
  channel.publish(exchange, "shop.ticket-purchase", Buffer.from(JSON.stringify(body)), {
    persistent: true,
    mandatory: true,
    contentType: "application/json",
    messageId: `node-${number}`,
  });
  if (number % 200 === 199) await channel.waitForConfirms();
}
await channel.waitForConfirms();
console.log(JSON.stringify({ confirmed: Number(count), returned }));
await channel.close();
await connection.close();
