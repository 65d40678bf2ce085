/** Forms and expressions by the vectors that hold for Python: tests/rules/test_{forms,expressions}.py. */

import { expect, test } from 'vitest'
import { blankAnswers, cleanAnswers, evaluate, ExpressionError, formFaults } from '../index'
import type { FormItem } from '../index'
import expressions from '../vectors/expressions.json'
import forms from '../vectors/forms.json'

const now = { now: '2026-11-21T10:00:00+08:00' }

/** The vectors leave out what is empty; documents never do. */
function whole(item: Record<string, unknown>): FormItem {
  const items = (item.items as Record<string, unknown>[] | undefined)?.map(whole)
  const empty = { required: '', visible: '', constraint: '', default: '', calculation: '' }
  const blank = { constraint_message: '', choices: [], minimum: null, maximum: null }
  const rest = item.type === 'field' ? { ...empty, ...blank } : { visible: '' }
  return { ...rest, ...item, ...(items && { items }) } as unknown as FormItem
}

test.for(expressions.values)('$name', ({ text, context, value }) => {
  expect(evaluate(text, context)).toEqual(value)
})

test.for(expressions.errors)('error of $text', ({ text, position, message }) => {
  expect(() => evaluate(text, {})).toThrow(ExpressionError)
  try {
    evaluate(text, {})
  } catch (error) {
    expect(error).toMatchObject({ position, message })
  }
})

test.for(forms.examples)('$name', ({ form, answers, references = {}, faults, clean }) => {
  const items = forms.forms[form as keyof typeof forms.forms].map(whole)
  const sets = Object.entries(references).map(([name, ids]) => [name, new Set(ids)])
  const found = formFaults(items, answers, now, Object.fromEntries(sets) as object)
  expect(found.map(({ code, field, message }) => [code, field, message])).toEqual(faults)
  if (clean) expect(cleanAnswers(items, answers, now)).toEqual(clean)
})

test('a form begins with its defaults and the rows there must be', () => {
  const items = [
    { type: 'field', name: 'n', label: '数', kind: 'number', default: '1 + 1' },
    { type: 'field', name: 'at', label: '时间', kind: 'datetime', default: 'now()' },
    { type: 'field', name: 'none', label: '空', kind: 'text', default: '${missing}' },
    {
      type: 'repeat',
      name: 'rows',
      label: '行',
      minimum: 2,
      maximum: 3,
      items: [{ type: 'field', name: 'm', label: '数', kind: 'number', default: '${n} * 2' }],
    },
  ].map(whole)
  const rows = [{ m: 4 }, { m: 4 }]
  expect(blankAnswers(items, now)).toEqual({ n: 2, at: now.now, rows })
})
