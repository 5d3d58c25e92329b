// A service of the shop, traced by the agent that its argument names: node shop.js elastic|otel
// NEXT is the base URL of the service behind it; without it this one is the last. Says its port, ends by SIGTERM.
const agent = require(`./${process.argv[2]}.js`) // first: agents patch what is required after them
const crypto = require('node:crypto')
const http = require('node:http')
const util = require('node:util')
const express = require('express')

const app = express()
const pbkdf2 = util.promisify(crypto.pbkdf2)

function get (url) {
  return new Promise((resolve, reject) => {
    http.get(url, answer => {
      const parts = []
      answer.on('data', part => parts.push(part))
      answer.on('end', () => resolve({ status: answer.statusCode, text: Buffer.concat(parts).toString() }))
    }).on('error', reject)
  })
}

async function weigh (id) {
  const key = await pbkdf2(id, 'salt', 1000, 32, 'sha256')
  return { id, weight: key[0] }
}

app.get('/orders/:id', async (request, response) => {
  const id = request.params.id
  if (!process.env.NEXT) return response.json(await agent.span('weigh', () => weigh(id)))
  const { status, text } = await get(`${process.env.NEXT}/orders/${id}`)
  response.status(status).type('json').send(text)
})

app.get('/broken', () => {
  throw new RangeError('the order has no end')
})

app.get('/slow', (_, response) => {
  setTimeout(() => response.json({}), 300)
})

app.get('/customers/:name', (request, response) => {
  agent.label('customer', request.params.name)
  agent.capture(new TypeError('the customer has no address'))
  agent.log('customer without an address')
  response.json({})
})

app.use((error, _request, response, _next) => response.status(500).json({ error: error.message }))

const server = app.listen(0, '127.0.0.1', () => console.log(`listening on ${server.address().port}`))

process.on('SIGTERM', () => agent.end().then(() => process.exit(0)))
