import type { directory } from '@xunge/types'

type Ring = [number, number][]
type Shape = directory.Polygon | directory.MultiPolygon

function inRing(ring: Ring, x: number, y: number): boolean {
  let inside = false
  let [ax, ay] = ring[ring.length - 1] ?? [0, 0]
  for (const [bx, by] of ring) {
    if (by > y !== ay > y && x < ((ax - bx) * (y - by)) / (ay - by) + bx) inside = !inside
    ;[ax, ay] = [bx, by]
  }
  return inside
}

/** Whether the point lies in the shape; GeoJSON rings, holes after the first. */
export function contains(shape: Shape, longitude: number, latitude: number): boolean {
  const polygons = shape.type === 'Polygon' ? [shape.coordinates] : shape.coordinates
  return polygons.some(([outer, ...holes]) => {
    return (
      outer !== undefined &&
      inRing(outer, longitude, latitude) &&
      !holes.some((hole) => inRing(hole, longitude, latitude))
    )
  })
}
