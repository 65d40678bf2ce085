export { type ActingPost, available, covers, taskFor } from './actions'
export { searchCategories } from './categories'
export {
  type Box,
  boxAround,
  distance,
  findGrid,
  inBox,
  inChina,
  inPolygon,
  type Point,
  toGcj02,
  toWgs84,
} from './geo'
export { caseLamp, clockLamp, instants, type Lamp, lamp } from './lamps'
export { type Similar, similar } from './similar'
