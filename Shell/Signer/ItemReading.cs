using Google.Protobuf;
using Nitro.SignerProtocol;

namespace Nitro.Signer;

/// <summary>The items of a request, or why there are none.</summary>
internal sealed record ItemReading(IReadOnlyList<ByteString> Items, string Error)
{
    /// <summary>Reads a request's raw part.</summary>
    public static ItemReading Of(Errand errand)
    {
        SignItems items;
        try
        {
            items = SignItems.Parser.ParseFrom(errand.Request.Raw);
        }
        catch (InvalidProtocolBufferException)
        {
            return new([], "malformed-request");
        }

        return (items.Version, items.Items.Count) switch
        {
            (not SignerApiTerms.Version, _) => new([], "unknown-version"),
            (_, 0 or > SignerApiTerms.MostItems) => new([], "malformed-request"),
            _ => new(items.Items, ""),
        };
    }
}
