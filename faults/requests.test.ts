import { testCases } from './testCases.ts'

testCases(['A12', 'A18', 'A21'])
