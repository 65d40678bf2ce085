/**
 * In which order a form's items are worked out: whatever an item's visibility or calculation reads
 * comes before it. Twin: backend/catalogue/forms/order.py, which refuses circles at import.
 */

import type { catalogue } from '@xunge/types'
import { names } from './expressions'

export type FormItem = catalogue.Field | catalogue.Group | catalogue.Repeat

/** One item in every row of `repeat`; a repeat comes again, closing, when all in it is known. */
export interface Step {
  key: string
  item: FormItem
  repeat: string | null
  groups: string[]
  closing: boolean
}

/** Every step after those it needs; those in a circle are left out. */
export function ordered(items: readonly FormItem[]): Step[] {
  const steps = new Map(listed(items, null, []).map((step) => [step.key, step]))
  const waiting = new Map([...steps].map(([key, step]) => [key, needs(step, steps)]))
  const users = new Map<string, string[]>()
  for (const [key, needed] of waiting) {
    for (const each of needed) users.set(each, [...(users.get(each) ?? []), key])
  }
  const ready = [...waiting].filter(([, needed]) => !needed.size).map(([key]) => key)
  const done: Step[] = []
  for (const key of ready) {
    const step = steps.get(key)
    if (step) done.push(step)
    for (const user of users.get(key) ?? []) {
      const needed = waiting.get(user)
      if (needed?.delete(key) && !needed.size) ready.push(user)
    }
  }
  return done
}

function listed(items: readonly FormItem[], repeat: string | null, groups: string[]): Step[] {
  return items.flatMap((item) => {
    const step = { key: item.name, item, repeat, groups, closing: false }
    if (item.type === 'group') return [step, ...listed(item.items, repeat, [...groups, item.name])]
    if (item.type === 'field') return [step]
    const closing = { ...step, key: `${item.name}/`, closing: true }
    return [step, ...listed(item.items, item.name, []), closing]
  })
}

function needs({ item, repeat, groups, closing }: Step, steps: Map<string, Step>): Set<string> {
  if (closing) {
    const inside = [...steps.values()].filter((step) => step.repeat === item.name)
    return new Set([item.name, ...inside.map(({ key }) => key)])
  }
  const read = [item.visible, item.type === 'field' ? item.calculation : '']
    .filter((text) => text !== '')
    .flatMap((text) => [...names(text)])
    .map((path) => path.split('/')[0] ?? '')
    .map((name) => (steps.has(`${name}/`) ? `${name}/` : name))
  const around = groups.at(-1) ?? repeat
  return new Set([...(around === null ? [] : [around]), ...read.filter((key) => steps.has(key))])
}
