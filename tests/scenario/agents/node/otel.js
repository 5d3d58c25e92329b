// Endpoint, protocol, service name and intervals come from the OTEL_... variables.
const { trace, SpanStatusCode } = require('@opentelemetry/api')
const { logs, SeverityNumber } = require('@opentelemetry/api-logs')
const { NodeSDK } = require('@opentelemetry/sdk-node')
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http')
const { ExpressInstrumentation } = require('@opentelemetry/instrumentation-express')

const sdk = new NodeSDK({ instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation()] })
sdk.start()

exports.label = (key, value) => trace.getActiveSpan().setAttribute(key, value)
exports.capture = error => trace.getActiveSpan().recordException(error)
exports.log = body => logs.getLogger('shop').emit({ severityNumber: SeverityNumber.WARN, severityText: 'WARN', body })
exports.end = () => sdk.shutdown()

exports.span = (name, work) => trace.getTracer('shop').startActiveSpan(name, async span => {
  try {
    return await work()
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR })
    throw error
  } finally {
    span.end()
  }
})
