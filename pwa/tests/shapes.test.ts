import { distance, inPolygon, type Point } from '@xunge/rules'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  circleTo,
  handlesOf,
  moved,
  polygon,
  readShape,
  rectangle,
  ringOf,
  shapeText,
  writeShape,
  type Shape,
} from '../src/lib/shapes'

const place = fc.tuple(
  fc.double({ min: 120.4, max: 120.8, noNaN: true }),
  fc.double({ min: 27.8, max: 28.1, noNaN: true }),
)
const drawn = fc.oneof(
  fc.tuple(place, place).map(([a, b]) => rectangle(a, b)),
  fc.tuple(place, place).map(([a, b]) => circleTo(a, b)),
  fc.array(place, { minLength: 3, maxLength: 12 }).map(polygon),
)

function holds(shape: Shape, point: Point): boolean {
  const ring = ringOf(shape).map(([x, y]): [number, number] => [x, y])
  return inPolygon(point, { type: 'Polygon', coordinates: [ring] })
}

describe('a shape in an address', () => {
  it('is the same when it is opened again', () => {
    fc.assert(
      fc.property(drawn, (shape) => {
        fc.pre(shape.kind !== 'rectangle' || (shape.west < shape.east && shape.south < shape.north))
        expect(readShape(writeShape(shape))).toEqual(shape)
      }),
    )
  })

  it.each([
    '',
    'circle:',
    'circle:1,2',
    'circle:1,2,0',
    'rectangle:2,1,1,2',
    'polygon:1,1,2,2',
    'x:1',
  ])('is none when it makes none: %s', (text) => expect(readShape(text)).toBeNull())
})

describe('drawing', () => {
  it('goes from any corner to any other', () => {
    const shape = rectangle([120.7, 27.9], [120.6, 28])
    expect(shape).toEqual(rectangle([120.6, 28], [120.7, 27.9]))
    expect(holds(shape, [120.65, 27.95])).toBe(true)
  })

  it('draws a circle as wide as its radius', () => {
    const shape = circleTo([120.65, 27.98], [120.66, 27.98])
    const radius = distance([120.65, 27.98], [120.66, 27.98])
    for (const point of ringOf(shape))
      expect(Math.abs(distance([120.65, 27.98], point) / radius - 1)).toBeLessThan(0.01)
    expect(shapeText(shape)).toBe('地图圆形，半径 982 米')
  })

  it('moves a corner and leaves the one across', () => {
    const shape = rectangle([120.6, 27.9], [120.7, 28])
    expect(moved(shape, 0, [120.65, 27.95])).toEqual(rectangle([120.65, 27.95], [120.7, 28]))
  })

  it('moves a circle by its middle and widens it by its edge', () => {
    const shape = circleTo([120.65, 27.98], [120.66, 27.98])
    const [, edge] = handlesOf(shape)
    expect(moved(shape, 1, edge ?? [0, 0])).toEqual(shape)
    expect(moved(shape, 0, [120.6, 27.9])).toEqual({ ...shape, centre: [120.6, 27.9] })
  })
})
