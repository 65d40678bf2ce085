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
export { isParty, openParts, type Party, parts } from './parties'
export { type Similar, similar } from './similar'
