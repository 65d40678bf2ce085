/** The same vectors hold for the Python rules: tests/rules/test_vectors.py. */

import type { cases, catalogue, directory } from '@xunge/types'
import { expect, test } from 'vitest'
import { type ActingPost, available, boxAround, caseLamp, distance, findGrid } from '../index'
import { birthOf, inBox, numberFault, parts, type Point, sexOf, toGcj02, toWgs84 } from '../index'
import actions from '../vectors/actions.json'
import geo from '../vectors/geo.json'
import idNumbers from '../vectors/id-numbers.json'
import lamps from '../vectors/lamps.json'
import parties from '../vectors/parties.json'

const point = ([longitude = 0, latitude = 0]: number[]): Point => [longitude, latitude]

test.for(geo.distances)('distance of $from and $to', ({ from, to, metres }) => {
  expect(distance(point(from), point(to))).toBeCloseTo(metres, 6)
})

test.for(geo.boxes)('box of $metres m around $centre', ({ centre, metres, ...edges }) => {
  const box = boxAround(point(centre), metres)
  expect(box.west).toBeCloseTo(edges.west, 10)
  expect(box.south).toBeCloseTo(edges.south, 10)
  expect(box.east).toBeCloseTo(edges.east, 10)
  expect(box.north).toBeCloseTo(edges.north, 10)
  expect(inBox(point(centre), box)).toBe(true)
  expect(inBox([edges.east + 1e-6, centre[1] ?? 0], box)).toBe(false)
})

test.for(geo.datums)('datums of $wgs84', ({ wgs84, gcj02 }) => {
  const there = toGcj02(point(wgs84))
  expect(there[0]).toBeCloseTo(gcj02[0] ?? 0, 9)
  expect(there[1]).toBeCloseTo(gcj02[1] ?? 0, 9)
  const back = toWgs84(there)
  expect(back[0]).toBeCloseTo(wgs84[0] ?? 0, 9)
  expect(back[1]).toBeCloseTo(wgs84[1] ?? 0, 9)
})

test.for(geo.finds)('grid of $point', ({ point: at, grid }) => {
  const areas = geo.grids as unknown as directory.Area[]
  expect(findGrid(areas, point(at))?.code ?? null).toBe(grid)
  expect(findGrid([...areas].reverse(), point(at))?.code ?? null).toBe(grid)
})

test.for(lamps)('lamp at $now is $lamp', ({ clocks, now, lamp }) => {
  expect(caseLamp({ clocks: clocks as cases.Clock[] }, now)).toBe(lamp)
})

interface Example {
  name: string
  changes: object
  actor: ActingPost
  actions: string[]
  known?: { check: string }
}

test.for(actions.examples as Example[])(
  'actions for $name',
  ({ changes, actor, known, ...wanted }) => {
    const flow = actions.flow as unknown as catalogue.Flow
    const document = { ...actions.case, ...changes } as unknown as cases.Case
    const category = { check: known?.check ?? 'task' } as catalogue.Category
    const offered = available(flow, document, actor, { category })
    expect(offered.map(({ code }) => code)).toEqual(wanted.actions)
  },
)

test.for(parties.examples)('parts: $name', ({ changes, parts: wanted }) => {
  const document = { ...parties.case, ...changes } as unknown as cases.Case
  expect([...parts(document)].sort()).toEqual(wanted)
})

test.for(idNumbers.valid)('identity number $number', ({ number, birth, sex }) => {
  expect(numberFault(number, idNumbers.today)).toBe(null)
  expect(birthOf(number)).toBe(birth)
  expect(sexOf(number)).toBe(sex)
})

test.for(idNumbers.invalid)('faulty identity number: $why', ({ number, fault }) => {
  expect(numberFault(number, idNumbers.today)).toBe(fault)
})
