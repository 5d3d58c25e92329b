// Settings come from the ELASTIC_APM_... variables.
const apm = require('elastic-apm-node').start()

exports.label = (key, value) => apm.setLabel(key, value)
exports.capture = error => apm.captureError(error)
exports.log = () => {} // this agent sends no logs
exports.end = () => apm.flush()

exports.span = async (name, work) => {
  const span = apm.startSpan(name)
  try {
    return await work()
  } finally {
    span?.end()
  }
}
