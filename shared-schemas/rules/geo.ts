/** Points, distances and grids: the twin of backend/core/geo.py. Longitude first, degrees, WGS-84
 * unless a name says otherwise.
 */

import type { directory } from '@xunge/types'
import pointInPolygon from 'point-in-polygon-hao'

export type Point = readonly [longitude: number, latitude: number]

export interface Box {
  west: number
  south: number
  east: number
  north: number
}

const EARTH_RADIUS_M = 6_371_008.8
const AXIS_M = 6_378_245
const ECCENTRICITY = 0.006_693_421_622_965_943
const CONVERGED_DEG = 1e-10
const ROUNDS = 30

const { abs, asin, cos, max, min, PI, sin, sqrt } = Math
const radians = (degrees: number): number => (degrees * PI) / 180
const degrees = (radians: number): number => (radians * 180) / PI

/** Metres on the sphere, by the haversine. */
export function distance([lonA, latA]: Point, [lonB, latB]: Point): number {
  const vertical = sin(radians(latB - latA) / 2)
  const horizontal = sin(radians(lonB - lonA) / 2)
  const chord = vertical ** 2 + cos(radians(latA)) * cos(radians(latB)) * horizontal ** 2
  return 2 * EARTH_RADIUS_M * asin(min(1, sqrt(chord)))
}

/** A box that holds every point within a radius; a little too large, never too small. */
export function boxAround([longitude, latitude]: Point, metres: number): Box {
  const north = degrees(metres / EARTH_RADIUS_M)
  const widest = radians(min(89, abs(latitude) + north))
  const east = north / cos(widest)
  return {
    west: longitude - east,
    south: latitude - north,
    east: longitude + east,
    north: latitude + north,
  }
}

export function inBox([longitude, latitude]: Point, { west, south, east, north }: Box): boolean {
  return west <= longitude && longitude <= east && south <= latitude && latitude <= north
}

/** Whether a polygon holds a point; its edges belong to it. */
export function inPolygon(point: Point, polygon: NonNullable<directory.Area['polygon']>): boolean {
  const parts = polygon.type === 'Polygon' ? [polygon.coordinates] : polygon.coordinates
  return parts.some((rings) => pointInPolygon([...point], rings) !== false)
}

/** The grid that holds a point; on a shared edge the one with the lowest code. */
export function findGrid(areas: readonly directory.Area[], point: Point): directory.Area | null {
  let found: directory.Area | null = null
  for (const area of areas)
    if (
      area.polygon !== null &&
      (found === null || area.code < found.code) &&
      inPolygon(point, area.polygon)
    )
      found = area
  return found
}

/** Whether GCJ-02 shifts a point here. */
export function inChina([longitude, latitude]: Point): boolean {
  return longitude >= 72.004 && longitude <= 137.8347 && latitude >= 0.8293 && latitude <= 55.8271
}

/** WGS-84 to GCJ-02; points outside China stay. */
export function toGcj02(point: Point): Point {
  if (!inChina(point)) return point
  const [longitude, latitude] = point
  const [east, north] = shift(longitude - 105, latitude - 35)
  const squash = 1 - ECCENTRICITY * sin(radians(latitude)) ** 2
  return [
    longitude + degrees((east * sqrt(squash)) / (AXIS_M * cos(radians(latitude)))),
    latitude + degrees((north * squash * sqrt(squash)) / (AXIS_M * (1 - ECCENTRICITY))),
  ]
}

/** GCJ-02 to WGS-84, by fixed-point iteration: exact to far less than a millimetre. */
export function toWgs84(point: Point): Point {
  if (!inChina(point)) return point
  let [x, y] = point
  for (let round = 0; round < ROUNDS; round++) {
    const [shiftedX, shiftedY] = toGcj02([x, y])
    const [errorX, errorY] = [shiftedX - point[0], shiftedY - point[1]]
    x -= errorX
    y -= errorY
    if (max(abs(errorX), abs(errorY)) < CONVERGED_DEG) break
  }
  return [x, y]
}

/** GCJ-02's shift in metres east and north, of a point relative to 105°E 35°N. */
function shift(x: number, y: number): Point {
  const root = sqrt(abs(x))
  const wave = 20 * sin(6 * PI * x) + 20 * sin(2 * PI * x)
  let east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
  east += ((wave + 20 * sin(PI * x) + 40 * sin((PI / 3) * x)) * 2) / 3
  east += ((150 * sin((PI / 12) * x) + 300 * sin((PI / 30) * x)) * 2) / 3
  let north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
  north += ((wave + 20 * sin(PI * y) + 40 * sin((PI / 3) * y)) * 2) / 3
  north += ((160 * sin((PI / 12) * y) + 320 * sin((PI / 30) * y)) * 2) / 3
  return [east, north]
}
