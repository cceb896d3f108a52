module Nitro.Mutants.MutantTests
let private x = 1
