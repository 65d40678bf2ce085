export { type ActingPost, answerable, available, covers, taskFor } from './actions'
export { searchCategories } from './categories'
export { asText, type Context, evaluate, ExpressionError, holds, type Value } from './expressions'
export { isMedia, MOST_MEDIA } from './formKinds'
export { type FormItem } from './formOrder'
export { type Answers, blankAnswers, cleanAnswers, formFaults, Frame, workOut } from './forms'
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
export { birthOf, checkDigit, numberFault, type NumberFault, sexOf } from './idNumber'
export { caseLamp, clockLamp, instants, type Lamp, lamp } from './lamps'
export { context, type Known } from './context'
export { isParty, openParts, type Party, parts } from './parties'
export { type Similar, similar } from './similar'
export { default as vocabulary } from '../vocabularies/registry.json'
