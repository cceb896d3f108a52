namespace Nitro.Kernel

/// A persistent queue: who came first leaves first. Both ends take constant time on average.
[<CustomEquality; NoComparison>]
type internal Line<'T when 'T: equality> =
    private
        { Front: 'T list
          /// Newest first.
          Back: 'T list }

    member this.Items = if this.Back.IsEmpty then this.Front else this.Front @ List.rev this.Back

    override this.Equals(other: obj) =
        match other with
        | :? Line<'T> as o -> this.Items = o.Items
        | _ -> false

    override this.GetHashCode() = 0

module internal Line =
    let empty<'T when 'T: equality> : Line<'T> = { Front = []; Back = [] }
    let ofList items : Line<'T> = { Front = items; Back = [] }
    let add item (line: Line<'T>) = { line with Back = item :: line.Back }

    /// The same line, turned so that the next look at its head is cheap.
    let settle (line: Line<'T>) = if line.Front.IsEmpty then { Front = List.rev line.Back; Back = [] } else line

    /// The one that came first.
    let tryFirst (line: Line<'T>) : 'T voption =
        match (settle line).Front with
        | first :: _ -> ValueSome first
        | [] -> ValueNone

    /// The line without the one that came first.
    let rest (line: Line<'T>) =
        match settle line with
        | { Front = _ :: others; Back = back } -> { Front = others; Back = back }
        | empty -> empty
