using Google.Protobuf;
using Nitro.Ports;
using Nitro.SignerProtocol;
using Nitro.Signing;

namespace Nitro.Signer;

/// <summary>The items of a request, together as they are judged, or why there are none.</summary>
/// <param name="Groups">In order.</param>
/// <param name="Calls">The signed calls that caused it, verified.</param>
/// <param name="Error">The tag of the request's refusal; empty where its items are judged.</param>
internal sealed record ItemReading(IReadOnlyList<ItemGroup> Groups, IReadOnlyList<CallContext> Calls, string Error)
{
    /// <summary>As the desk is asked.</summary>
    public IEnumerable<DeskQuestion> Questions => Groups.Select(group => new DeskQuestion(group.Items, Calls));

    /// <summary>Reads a request's raw part.</summary>
    public static ItemReading Of(Errand errand, IReadOnlyList<CallContext> calls)
    {
        SignItems items;
        try
        {
            items = SignItems.Parser.ParseFrom(errand.Request.Raw);
        }
        catch (InvalidProtocolBufferException)
        {
            return new([], [], "malformed-request");
        }

        return (items.Version, items.Items.Count) switch
        {
            (not SignerApiTerms.Version, _) => new([], [], "unknown-version"),
            (_, 0 or > SignerApiTerms.MostItems) => new([], [], "malformed-request"),
            _ => new(Grouped(items.Items), calls, ""),
        };
    }

    /// <summary>A group ends where something is wanted, and where nothing can be read.</summary>
    private static List<ItemGroup> Grouped(IEnumerable<ByteString> items)
    {
        var groups = new List<ItemGroup>();
        var group = new List<SigningItem>();
        foreach (var body in items)
        {
            if (!SignerCore.TryRead(body.Memory, out var item, out _))
            {
                groups.Add(new(null, group.Count + 1));
                group = [];
                continue;
            }

            group.Add(item);
            if (item.IsWanted)
            {
                groups.Add(new(group, group.Count));
                group = [];
            }
        }

        return group.Count == 0 ? groups : [.. groups, new(group, group.Count)];
    }
}
