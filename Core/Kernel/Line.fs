namespace Nitro.Kernel

open System.Collections.Generic

/// A persistent queue: who came first leaves first. Both ends take constant time on average.
[<CustomEquality; NoComparison>]
type internal Line<'T when 'T: equality> =
    private
        { Front: 'T list
          /// Newest first.
          Back: 'T list
          /// A line that is drafted has its items here, and changes in place; see `Table`.
          Draft: Queue<'T> | null }

    member this.Items =
        match this.Draft with
        | null -> if this.Back.IsEmpty then this.Front else this.Front @ List.rev this.Back
        | draft -> List.ofSeq draft

    override this.Equals(other: obj) =
        match other with
        | :? Line<'T> as o -> this.Items = o.Items
        | _ -> false

    override this.GetHashCode() = 0

module internal Line =
    let empty<'T when 'T: equality> : Line<'T> = { Front = []; Back = []; Draft = null }
    let ofList items : Line<'T> = { empty with Front = items }

    let add item (line: Line<'T>) =
        match line.Draft with
        | null -> { line with Back = item :: line.Back }
        | draft ->
            draft.Enqueue item
            line

    /// The same line, turned so that the next look at its head is cheap.
    let turn (line: Line<'T>) = if line.Front.IsEmpty && not line.Back.IsEmpty then ofList (List.rev line.Back) else line

    /// The one that came first.
    let tryFirst (line: Line<'T>) : 'T voption =
        match line.Draft with
        | null ->
            match (turn line).Front with
            | first :: _ -> ValueSome first
            | [] -> ValueNone
        | draft ->
            match draft.TryPeek() with
            | true, first -> ValueSome first
            | _ -> ValueNone

    /// The line without the one that came first.
    let rest (line: Line<'T>) =
        match line.Draft with
        | null ->
            match turn line with
            | { Front = _ :: others } as turned -> { turned with Front = others }
            | none -> none
        | draft ->
            draft.TryDequeue() |> ignore
            line

    let draft (line: Line<'T>) = match line.Draft with null -> { empty with Draft = Queue line.Items } | _ -> line
    let settle (line: Line<'T>) = match line.Draft with null -> line | draft -> ofList (List.ofSeq draft)
