using System.Globalization;
using Nitro.FakeEventStore;

// For trying by hand and for measurements: prints its connection string, and serves until its input ends. What it holds ends with it.
// A line "kill" in the input kills the server that leads: the next one leads, and those that were killed before are back.
if (args.Length > 2 || !TryRead(args.ElementAtOrDefault(0), 0, 65_535, out var port) || !TryRead(args.ElementAtOrDefault(1), 1, 9, out var servers))
{
    await Console.Error.WriteLineAsync("usage: Nitro.FakeEventStore [PORT [SERVERS]]");
    return 64;
}

await using var cluster = await FakeCluster.StartAsync(servers, port: port);
await Console.Out.WriteLineAsync(port > 0 ? cluster.ConnectionString : cluster.DirectConnectionString);

while (await Console.In.ReadLineAsync() is { } line)
{
    if (line == "kill" && servers > 1)
    {
        var next = cluster.Nodes[(cluster.Nodes.ToList().IndexOf(cluster.Leader!) + 1) % servers];
        foreach (var node in cluster.Nodes)
        {
            node.Revive();
        }

        cluster.Leader!.Kill();
        cluster.Elect(next);
    }
}

return 0;

static bool TryRead(string? text, int least, int most, out int number)
{
    number = least;
    return text is null || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= least && number <= most);
}
