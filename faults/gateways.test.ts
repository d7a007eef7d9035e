import { testCases } from './testCases.ts'

testCases(['G08', 'G17'])
