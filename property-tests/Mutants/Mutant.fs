namespace Nitro

/// Which planted bug is awake. Stands in the build with the planted bugs only.
module internal Mutant =
    let mutable awake = ""
    let is (name: string) = System.String.Equals(awake, name)
