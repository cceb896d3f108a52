using System.Text.Json;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>The two ids that the opening of a channel is answered with.</summary>
internal sealed record Opening(string Objective, string Channel)
{
    public static Opening From(JsonElement answer) => new(answer.GetProperty("Id").GetString()!, answer.GetProperty("ChannelId").GetString()!);
}
