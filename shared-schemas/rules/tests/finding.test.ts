import type { cases, catalogue } from '@xunge/types'
import { expect, test } from 'vitest'
import { clockLamp, searchCategories, similar } from '../index'
import actions from '../vectors/actions.json'

const NOW = Date.parse('2026-11-21T00:00:00Z')
const rule = { code: '0101', similar_metres: 50, similar_days: 7 }

function reported(id: string, metresNorth: number, daysAgo: number, category = '0101'): cases.Case {
  const base = actions.case as unknown as cases.Case
  const latitude = 28 + metresNorth / 111_195
  return {
    ...base,
    ...{ id, category, position: { ...base.position, latitude } },
    reported_at: new Date(NOW - daysAgo * 86_400_000).toISOString(),
  }
}

test('similar cases are of the same subclass, near and recent; the nearest first', () => {
  const documents = [
    reported('far', 60, 1),
    reported('edge', 49, 6.9),
    reported('old', 5, 7.1),
    reported('other', 5, 1, '0102'),
    reported('near', 10, 1),
  ]
  const found = similar(documents, rule, [120.65, 28], NOW)
  expect(found.map(({ id, distance_m }) => [id, distance_m])).toEqual([
    ['near', 10],
    ['edge', 49],
  ])
})

test('a stopped clock keeps the lamp at which it stopped', () => {
  const clock = {
    yellow_at: '2026-11-21T00:24:00Z',
    due_at: '2026-11-21T00:30:00Z',
    stopped_at: '2026-11-21T00:25:00Z',
  } as cases.Clock
  expect(clockLamp(clock, NOW + 86_400_000)).toBe('yellow')
  expect(clockLamp({ ...clock, stopped_at: null }, NOW + 86_400_000)).toBe('red')
})

function category(code: string, name: string, synonyms: string[] = []): catalogue.Category {
  return { code, name, synonyms, active: true, parent: code.slice(0, 2) } as catalogue.Category
}

test('categories are found by every word, by name before synonym before code', () => {
  const categories = [
    category('0112', '通信井盖', ['窨井盖']),
    category('0101', '上水井盖', ['自来水井']),
    category('0210', '路灯'),
    category('0305', '井'),
    { ...category('0399', '井盖丢失'), active: false },
    { ...category('03', '井盖大类'), parent: null },
  ]
  const codes = (text: string): string[] => searchCategories(categories, text).map((c) => c.code)
  expect(codes('井盖')).toEqual(['0101', '0112'])
  expect(codes('井')).toEqual(['0305', '0101', '0112'])
  expect(codes('自来水')).toEqual(['0101'])
  expect(codes('井盖 窨')).toEqual(['0112'])
  expect(codes('02')).toEqual(['0210'])
  expect(codes('  ')).toEqual([])
})
