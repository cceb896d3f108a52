namespace Nitro.Signer.Policy

open System
open System.Buffers.Binary
open Nitro.Kernel

/// Ids that no channel may have any more, ten bytes of each: two name a page, eight stand on it. Memory for ever must be small, and who
/// shares those ten bytes with another is refused, which harms nobody: of twenty million ids a new one meets one by chance once in 10^16.
type internal RetiredIds =
    { Pages: Map<uint16, byte[]>
      Size: int }

module internal RetiredIds =
    let private bytesEach = 8
    let empty = { Pages = Map.empty; Size = 0 }
    let page (ChannelId id) = uint16 (id.A >>> 48)
    let private rest (ChannelId id) = (id.A <<< 16) ||| (id.B >>> 48)
    let onPage at (ids: RetiredIds) = match ids.Pages.TryFind at with Some entries -> entries | None -> [||]

    let contains id (ids: RetiredIds) =
        let entries = onPage (page id) ids
        let wanted = rest id
        let rec isAt at = at < entries.Length && (BinaryPrimitives.ReadUInt64BigEndian(ReadOnlySpan(entries, at, bytesEach)) = wanted || isAt (at + bytesEach))
        isAt 0

    let add id (ids: RetiredIds) =
        if contains id ids then
            ids
        else
            let before = onPage (page id) ids
            let after = Array.append before (Array.zeroCreate bytesEach)
            BinaryPrimitives.WriteUInt64BigEndian(Span(after, before.Length, bytesEach), rest id)
            { Pages = ids.Pages.Add(page id, after); Size = ids.Size + 1 }

    /// A page as it was stored; nothing if it cannot be one.
    let tryRestore at (entries: byte[]) (ids: RetiredIds) =
        if entries.Length = 0 || entries.Length % bytesEach <> 0 || ids.Pages.ContainsKey at then ValueNone
        else ValueSome { Pages = ids.Pages.Add(at, entries); Size = ids.Size + entries.Length / bytesEach }
