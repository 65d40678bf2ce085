// The TypeScript rules, asked line by line: {"call": name, "given": [...]} -> {"value"} or {"error"}.
import { createInterface } from 'node:readline'
import { rolldown } from 'rolldown'

const input = new URL('../../shared-schemas/rules/index.ts', import.meta.url).pathname
const bundle = await rolldown({ input })
const { output } = await bundle.generate({ format: 'esm' })
const code = Buffer.from(output[0].code).toString('base64')
const rules = await import(`data:text/javascript;base64,${code}`)

for await (const line of createInterface({ input: process.stdin })) {
  const { call, given } = JSON.parse(line)
  let answer
  try {
    answer = { value: rules[call](...given) }
  } catch (error) {
    answer = { error: { position: error.position, message: error.message } }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
