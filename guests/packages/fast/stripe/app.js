const Stripe = require('stripe')
const { failure, serve } = require('../../checks')

const stripe = new Stripe('sk_test_a', { maxNetworkRetries: 0, telemetry: false })
serve({
  checks: {
    create: () => stripe.customers.create({ email: 'ana@example.com', metadata: { from: 'bot', n: '1' } }).then(({ id, email, metadata }) => ({ id, email, metadata })),
    retrieve: () => stripe.customers.retrieve('cus_1').then(({ id, object, lastResponse }) => [id, object, lastResponse.statusCode]),
    declined: () => failure(() => stripe.paymentIntents.create({ amount: 100, currency: 'brl', payment_method: 'pm_declined' })).then(({ failed }) => failed),
    list: async () => { const ids = []; for await (const { id } of stripe.customers.list({ limit: 2 })) ids.push(id); return ids },
    idempotency: () => stripe.customers.create({ email: 'b@example.com' }, { idempotencyKey: 'k' }).then(({ idempotency }) => idempotency),
    session: () => stripe.checkout.sessions.create({ mode: 'payment', success_url: 'https://a.example', line_items: [{ price: 'p', quantity: 2 }] }).then(({ received }) => received),
    webhook: () => { const payload = '{"id":"evt_1","object":"event"}'; const header = stripe.webhooks.generateTestHeaderString({ payload, secret: 'whsec', timestamp: Math.floor(Date.now() / 1000) }); return stripe.webhooks.constructEvent(payload, header, 'whsec').id },
    forged: () => failure(() => stripe.webhooks.constructEvent('{}', 't=1,v1=00', 'whsec')).then(({ failed }) => failed.name),
    fetchClient: () => new Stripe('sk_test_a', { httpClient: Stripe.createFetchHttpClient(), telemetry: false }).customers.retrieve('cus_1').then(({ id }) => id),
    unauthorized: () => failure(() => new Stripe('sk_bad', { maxNetworkRetries: 0 }).customers.retrieve('cus_1')).then(({ failed }) => [failed.name, failed.message]),
    missing: () => failure(() => stripe.customers.retrieve('cus_none')).then(({ failed }) => [failed.name, failed.code]),
  },
})
