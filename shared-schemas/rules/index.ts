export { type ActingPost, answerable, available, covers, taskFor } from './actions'
export { searchCategories } from './categories'
export { type Context, ExpressionError, evaluate, holds, moment, NOW } from './expressions'
export { isMedia, isUnanswered, MOST_MEDIA, type References, tidied } from './formKinds'
export { type FormItem } from './formOrder'
export {
  type Answers,
  blankAnswers,
  cleanAnswers,
  formFaults,
  Frame,
  type Reason,
  workOut,
} from './forms'
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
export { type Known } from './context'
export { isParty, openParts, type Party, parts } from './parties'
export { type Similar, similar } from './similar'
