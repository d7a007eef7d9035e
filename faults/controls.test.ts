import { testCases } from './testCases.ts'

testCases(['C05'])
