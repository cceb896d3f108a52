using System.Reflection;
using Xunit;

namespace Nitro.Boundary.Tests;

/// <summary>Whoever handles effects handles all of them.</summary>
public sealed class EffectTests
{
    private static readonly MethodInfo[] Handlers = typeof(EffectHandler<>)
        .GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly);

    [Fact]
    public void EachKindOfEffectHasOneMethodThatNobodyCanLeaveOut()
    {
        Assert.All(Handlers, method => Assert.True(method.IsAbstract, $"{method.Name} has a default, so a host could forget it"));
        Assert.All(Handlers, method => Assert.Equal("Result", method.ReturnType.Name));
        var kinds = CoreAssemblies.Node.GetExportedTypes()
            .Where(type => type != typeof(Effect) && type.Name.EndsWith("Effect", StringComparison.Ordinal))
            .OrderBy(type => type.Name, StringComparer.Ordinal);
        var handled = Handlers.Select(method => Assert.Single(method.GetParameters()).ParameterType).OrderBy(type => type.Name, StringComparer.Ordinal);
        Assert.Equal(kinds, handled);
    }

    [Fact]
    public void NobodyButTheCoreMakesEffects()
    {
        var makers = CoreAssemblies.Node.GetExportedTypes()
            .Where(type => type.Name.EndsWith("Effect", StringComparison.Ordinal))
            .SelectMany(type => type.GetConstructors());
        Assert.Empty(makers);
    }

    [Fact]
    public void EachKindReachesItsMethod()
    {
        var (alice, bob) = (new LittleHost(1), new LittleHost(2));
        alice.OpenLedger(bob);
        Exchange(alice, bob);
        var deposit = Assert.Single(alice.Seen, seen => seen.Kind == "Submit");
        alice.Feed(NitroCore.ChainRefused(deposit.Id, "held != expectedHeld"));
        alice.Now = NitroCore.NextWake(alice.Node);
        alice.Feed(NitroCore.Ticked());

        // Messages are told again later, so only kinds that one opening needs at all are counted.
        Assert.Equal(["Read", "Send", "Sign", "Submit"], alice.Seen.Select(seen => seen.Kind).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(Handlers.Length, alice.Seen.Select(seen => seen.Kind).Distinct().Count());
        Assert.All(alice.Seen, seen => Assert.Equal(seen.Id, (long)seen.Body.GetType().GetProperty("Id")!.GetValue(seen.Body)!));
    }

    [Fact]
    public void WhatIsUnfinishedIsTheSameAfterReplay()
    {
        var (alice, bob) = (new LittleHost(1), new LittleHost(2));
        alice.OpenLedger(bob);
        Exchange(alice, bob);
        var replayed = alice.Replayed();
        Assert.Equal(alice.Node.Position, replayed.Position);
        Assert.Equal(
            NitroCore.Resume(alice.Node).Select(effect => effect.Dispatch(new SeeingHandler()) with { Body = "" }),
            NitroCore.Resume(replayed).Select(effect => effect.Dispatch(new SeeingHandler()) with { Body = "" }));
    }

    /// <summary>Carries frames to and fro until both have said all.</summary>
    private static void Exchange(LittleHost alice, LittleHost bob)
    {
        var (fromAlice, fromBob) = (0, 0);
        while (fromAlice < alice.Seen.Count || fromBob < bob.Seen.Count)
        {
            fromAlice = Carry(alice, bob, fromAlice);
            fromBob = Carry(bob, alice, fromBob);
        }
    }

    private static int Carry(LittleHost sender, LittleHost receiver, int start)
    {
        var end = sender.Seen.Count;
        foreach (var frame in sender.Seen[start..end].Select(seen => seen.Body).OfType<SendEffect>())
        {
            var step = receiver.Receive(sender.Address, frame.Frame);
            Assert.Equal(PeerTaking.Taken, step.Taking);
            sender.Feed(NitroCore.PeerTook(frame.Id));
        }

        return end;
    }
}
