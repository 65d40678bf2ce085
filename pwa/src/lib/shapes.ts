/** Shapes drawn on a map, as the server reads them: WGS-84 degrees, longitude first. */

import { boxAround, distance, type Point } from '@xunge/rules'
import { metres } from './time'

export type Shape =
  | { kind: 'rectangle'; west: number; south: number; east: number; north: number }
  | { kind: 'circle'; centre: Point; metres: number }
  | { kind: 'polygon'; corners: Point[] }
export type ShapeKind = Shape['kind']

export const MOST_CORNERS = 200
const LEAST_METRES = 10
const MOST_METRES = 200_000
const ROUND_CORNERS = 64
/** A tenth of a metre. */
const PLACES = 6

export function writeShape(shape: Shape): string {
  return `${shape.kind}:${numbersOf(shape).join(',')}`
}

/** Null for what is no shape, as in an address that somebody shortened. */
export function readShape(text: string | undefined): Shape | null {
  const [kind, rest = ''] = (text ?? '').split(':')
  const numbers = rest.split(',').map(Number)
  if (!numbers.every(Number.isFinite)) return null
  const [a = NaN, b = NaN, c = NaN, d = NaN] = numbers
  if (kind === 'rectangle' && numbers.length === 4 && a < c && b < d)
    return { kind, west: a, south: b, east: c, north: d }
  if (kind === 'circle' && numbers.length === 3 && c > 0) return { kind, centre: [a, b], metres: c }
  if (kind === 'polygon' && numbers.length >= 6 && numbers.length % 2 === 0)
    return { kind, corners: pairs(numbers) }
  return null
}

export function rectangle([x1, y1]: Point, [x2, y2]: Point): Shape {
  return {
    kind: 'rectangle',
    west: rounded(Math.min(x1, x2)),
    south: rounded(Math.min(y1, y2)),
    east: rounded(Math.max(x1, x2)),
    north: rounded(Math.max(y1, y2)),
  }
}

export function circleTo(centre: Point, edge: Point): Shape {
  return circleOf(centre, distance(centre, edge))
}

export function circleOf([x, y]: Point, radius: number): Shape {
  const whole = Math.round(Math.min(MOST_METRES, Math.max(LEAST_METRES, radius)))
  return { kind: 'circle', centre: [rounded(x), rounded(y)], metres: whole }
}

export function polygon(corners: readonly Point[]): Shape {
  return { kind: 'polygon', corners: corners.map(([x, y]) => [rounded(x), rounded(y)]) }
}

/** The closed ring around a shape, to draw it. */
export function ringOf(shape: Shape): Point[] {
  const corners = shape.kind === 'circle' ? round(shape.centre, shape.metres) : cornersOf(shape)
  const [first] = corners
  return first ? [...corners, first] : []
}

/** The points by which a shape is changed: its corners, or a circle's middle and edge. */
export function handlesOf(shape: Shape): Point[] {
  if (shape.kind !== 'circle') return cornersOf(shape)
  const { east } = boxAround(shape.centre, shape.metres)
  return [shape.centre, [east, shape.centre[1]]]
}

/** The shape once one of its handles was dragged elsewhere. */
export function moved(shape: Shape, handle: number, to: Point): Shape {
  switch (shape.kind) {
    case 'rectangle':
      return rectangle(to, cornersOf(shape)[(handle + 2) % 4] ?? to)
    case 'circle':
      return handle === 0 ? circleOf(to, shape.metres) : circleTo(shape.centre, to)
    case 'polygon':
      return polygon(shape.corners.map((corner, n) => (n === handle ? to : corner)))
  }
}

export const shapeNames: Record<ShapeKind, string> = {
  rectangle: '矩形',
  circle: '圆形',
  polygon: '多边形',
}

/** As a person calls it. */
export function shapeText(shape: Shape): string {
  if (shape.kind === 'circle') return `地图圆形，半径 ${metres(shape.metres)}`
  return `地图${shapeNames[shape.kind]}`
}

function cornersOf(shape: Exclude<Shape, { kind: 'circle' }>): Point[] {
  if (shape.kind === 'polygon') return shape.corners
  const { west, south, east, north } = shape
  return [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
  ]
}

function round(centre: Point, radius: number): Point[] {
  const { east, north } = boxAround(centre, radius)
  return Array.from({ length: ROUND_CORNERS }, (_, n) => {
    const angle = (n / ROUND_CORNERS) * 2 * Math.PI
    return [
      centre[0] + (east - centre[0]) * Math.cos(angle),
      centre[1] + (north - centre[1]) * Math.sin(angle),
    ]
  })
}

function numbersOf(shape: Shape): number[] {
  if (shape.kind === 'circle') return [...shape.centre, shape.metres]
  if (shape.kind === 'polygon') return shape.corners.flat()
  return [shape.west, shape.south, shape.east, shape.north]
}

function pairs(numbers: readonly number[]): Point[] {
  return Array.from({ length: numbers.length / 2 }, (_, n) => [
    numbers[2 * n] ?? 0,
    numbers[2 * n + 1] ?? 0,
  ])
}

function rounded(degrees: number): number {
  return Number(degrees.toFixed(PLACES))
}
